// Package logstream writes a log to a stream that another program reads and
// keeps: standard output and error, a named pipe, a terminal or another device.
//
// [New] makes a [Sink] of an open file for package outbox, and [Open] one of a
// path. A Sink never sets the file to non-blocking mode, which other processes
// would share, but writes only when the file is ready, and at most what it then
// takes.
//
// # Reading order
//
// open.go: opening a path. sink.go: writing lines to the file.
// ready.go: a write that does not block.
//
// # Concurrency
//
// A Sink is for one goroutine at a time.
package logstream
