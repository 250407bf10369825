// Package wire defines the protocol between a daemon and its worker processes:
// the kinds of frames, their header, the identity of calls, and the few
// payloads that do not depend on the functions (Hello, Fault, credits, stacks,
// offsets, captures, progress).
// It does no input or output and does not know about rings and sockets; package
// link moves frames. PROTOCOL.md beside this file is the specification, with
// every layout and limit.
//
// Reading order: kind.go, header.go, call.go, fault.go, hello.go, seal.go,
// stream.go, stack.go, freed.go, capture.go, snapshot.go, progress.go,
// limits.go.
//
// Every decoder in this package accepts hostile bytes: it returns an error,
// never panics, never reads a byte again after it has checked it, and never
// allocates more than a small multiple of its input. All functions are pure and
// may be called from any goroutine.
package wire
