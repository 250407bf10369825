// Package link moves frames between a daemon and one worker process, over
// shared memory or over a socket. It knows the frames of package wire but
// nothing about calls: the packages above decide which calls run, and what to
// answer.
//
// Reading order: link.go (the interface) and transport.go (which there are);
// pieces.go (how a payload becomes frames), inbound.go (how frames become
// payloads) with loan.go (memory that is lent for them); socket.go and
// socketread.go; then shared memory: shared.go (the parts of an end, and how it
// ends), gate.go (nothing goes away under those inside), sender.go (writing,
// and waiting for space), receiver.go (receiving, and waiting for frames),
// poll.go (receiving in Serve's stead), marks.go (which calls have been
// started), segment.go, fault.go (memory that the peer takes away).
//
// # Trust
//
// The daemon's end treats everything from its peer as hostile: it checks
// lengths, kinds and positions, allocates memory as bytes arrive and not as
// they are announced, and every wait ends with Hangup or Close. The packages
// above check what this package cannot (whether a call exists, what a payload
// means). A page of shared memory that the peer has freed, and the system
// cannot replace, is also a violation, and does not end the process. A
// violation ends the link: Serve returns an error that wraps ErrCorrupt. The
// worker's end trusts its daemon, though it uses the same code.
//
// # Concurrency
//
// Any number of goroutines may use a Conn. One goroutine, which the caller
// starts, runs Serve. One goroutine at a time calls the handler: Serve's or a
// polling one.
package link
