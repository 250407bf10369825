// Package worker serves calls in a worker process: it receives requests over
// the link to the daemon, runs the functions, and answers.
//
// Reading order: serve.go (requests, and what becomes of them), run.go (one
// call of a function), context.go (what a function is told), panic.go,
// stream.go (results in elements), loop.go (a loop of the worker's own),
// stacks.go, progress.go (how far a call is), meters.go (what the program
// counts), capture.go (profiles and traces), snapshot.go (what it did before a
// kill), func.go, tally.go, seal.go (what confines the worker).
//
// [Serve] receives on its caller's goroutine. Each function runs in its own
// goroutine, at most Config.Concurrency at a time; further requests wait here
// in order of arrival, and the daemon can still revoke them (see marks in
// package link). A revoked request is dropped without an answer.
//
// A panic is answered and does not end the process. The daemon, not this
// package, notices an end of the process (by a fatal error, a signal, os.Exit).
package worker
