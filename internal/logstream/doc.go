// Package logstream writes a log to what is read as it is written, and kept by
// others: standard output and error, a named pipe, a terminal or another
// device.
//
// [New] makes a [Sink] of an open file for package outbox, and [Open] one of a
// path. A Sink never changes the file to non-blocking mode, which other
// processes share, but writes only when the file is ready, and no more at once
// than it then takes.
//
// # Reading order
//
// open.go: what a path leads to. sink.go: how lines get into the file.
// ready.go: a write that does not block.
//
// # Concurrency
//
// A Sink is for one goroutine at a time.
package logstream
