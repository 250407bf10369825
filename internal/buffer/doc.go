// Package buffer holds the value that a program sees of memory shared with a
// worker: [Buffer], which package payload publishes, and how Buffers travel. It
// does not know where the memory comes from; package arena does.
//
// Read it in this order: buffer.go (the value, and how its misuse is found);
// piece.go (the bytes, without the value, that a call carries); pack.go (how
// they become part of a payload); scope.go (the Buffers of one call in a
// worker).
//
// # Concurrency
//
// A Buffer belongs to one goroutine at a time. That it was given away is
// noticed nevertheless when two goroutines use it at the same time. A Scope may
// be used from any goroutine.
package buffer
