// Package journal sends log entries to journald in its native protocol
// (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).
//
// An entry is a series of fields, put together with [AppendField] in a byte
// slice of the caller's. [Open] connects a [Sink] to journald's socket, for
// package outbox, which keeps entries while journald is slow or away, and never
// makes the writer of an entry wait. Each entry is sent as a datagram, or, if
// too large, in a sealed memory file whose descriptor is sent.
//
// journald exists on Linux only; elsewhere Open fails with [ErrUnsupported].
//
// # Reading order
//
// field.go: the format of an entry. sink.go: sending an entry to journald, and
// failures. socket_linux.go: the socket and the memory file.
//
// # Concurrency
//
// A Sink is for one goroutine at a time.
package journal
