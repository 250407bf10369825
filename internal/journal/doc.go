// Package journal sends log entries to journald in its native protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/), and never makes who logs wait for it.
//
// An entry is a series of fields, put together with [AppendField] in a byte slice of the caller's. [Open] connects a
// [Writer] to journald's socket. [Writer.Write] copies an entry into a queue of bounded size and returns; one goroutine
// sends what is in the queue, each entry as a datagram, or, where it is too large for one, in a sealed memory file whose
// descriptor is sent. While journald is slow or away, entries wait. What does not fit is dropped, counted, and reported
// by an entry of its own as soon as entries can be sent again.
//
// journald exists on Linux only; elsewhere Open fails with [ErrUnsupported].
//
// # Reading order
//
// field.go: the format of an entry. writer.go: what any goroutine calls. send.go: the goroutine that sends.
// socket_linux.go: the socket and the memory file.
//
// # Concurrency
//
// Every method of Writer may be called from any goroutine.
package journal
