// Package wire defines what travels between a daemon and one of its worker processes: the kinds of frame, their
// header, the identity of calls, and the few payloads that both ends must understand without knowing the functions
// (Hello, Fault, credits, stacks). It does no input or output and knows nothing of rings and sockets; package link moves
// frames. PROTOCOL.md beside this file is the specification, with every layout and limit.
//
// Reading order: kind.go, header.go, call.go, fault.go, hello.go, stream.go, stack.go, limits.go.
//
// Every decoder in this package takes hostile bytes: it returns an error, and never panics, never reads a byte of
// its input that it has checked before a second time, and never allocates more than a small multiple of what it was
// given. All functions are pure and may be called from any goroutine.
package wire
