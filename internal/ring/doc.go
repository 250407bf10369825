// Package ring is a single-producer, single-consumer ring of records over a
// []byte that two processes share. It makes no system call and starts no
// goroutine: package link decides what to do when the ring is empty or full,
// and package shm provides the memory. So the ring can be tested, and fuzzed,
// on plain memory.
//
// Reading order: layout.go, producer.go, consumer.go, spinner.go
// (how long to look before sleeping) with pause_asm.go and pause_other.go.
// PROTOCOL.md in package wire defines the layout.
//
// # How it works
//
// The ring is an array of 64-byte cells. A record occupies whole cells: 16
// bytes of header, then the payload, so a payload of up to 48 bytes arrives
// with one cache line. Payloads above BulkMin live in a second area, used
// strictly first in, first out, and their record is one cell. A payload is
// always one contiguous slice: a payload that would wrap starts at the
// beginning of its area instead.
//
// The consumer polls the header of the record it expects next, in place; there
// is no shared tail. The producer reserves records in order, under a lock that
// its caller provides, but may fill and commit them in any order, so large
// copies need no lock. Before a record can be committed, the place of the next
// one's header is cleared; so the consumer finds a record of this lap or
// nothing, never a stale one.
//
// # Trust
//
// A compromised peer may write anything to the memory, at any moment. Each side
// keeps its own positions in private memory. A word of the shared memory is
// loaded once, checked, and then used from a register; an impossible value is
// an ErrCorrupt, never a panic and never an access out of range. Payloads are
// handed out in place: their bytes may change while they are read, so a decoder
// must copy first.
//
// # Concurrency
//
// Producer.Reserve, Announce and Full need one goroutine at a time; Commit and
// TakeParked may run in any. A Consumer needs one goroutine at a time, except
// for ReadyAt, Park, Unpark and ParkWord.
package ring
