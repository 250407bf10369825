// Package link moves frames between a daemon and one worker process, over shared memory or over a socket. It knows
// what package wire says about frames and nothing about calls: which of them run, and what to answer, is decided
// above.
//
// Reading order: link.go (the interface) and transport.go (which there are);
// pieces.go (how a payload becomes frames), inbound.go (how frames become
// payloads) with recycle.go (their memory); socket.go and socketread.go; then
// shared memory: shared.go (the parts of an end, and how it ends), gate.go (nothing
// goes away under those inside), sender.go (who may write, and who waits for
// space), receiver.go (who receives, and how it waits), poll.go (receiving in
// Serve's stead), marks.go (which calls have been started), segment.go, fault.go
// (memory that the peer takes away).
//
// # Trust
//
// The daemon's end treats everything that comes from its peer as hostile: lengths, kinds and positions are checked,
// memory is allocated as bytes arrive and not as they are promised, and every wait ends with Hangup or Close. What
// cannot be checked here (whether a call exists, what a payload means) is checked above. A page of shared memory that the
// peer has freed, and the system cannot provide anew, is a violation, too, and not the end of the process. A violation
// ends the link: Serve returns an error that wraps ErrCorrupt. The worker's end trusts its daemon, though it uses the same
// code.
//
// # Concurrency
//
// Any number of goroutines may use a Conn. One goroutine, which the user starts, runs Serve. The handler is called by
// one goroutine at a time, Serve's or one that polls.
package link
