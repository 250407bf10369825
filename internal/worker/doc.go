// Package worker is a worker's end of the calls: it takes requests from the link
// to the daemon, runs the functions, and answers.
//
// Reading order: serve.go (requests, and what becomes of them), context.go (what a
// function is told), panic.go, stream.go (results in elements), loop.go (a loop of
// the worker's own), stacks.go.
//
// [Serve] receives on its caller's goroutine. A function runs in a goroutine of
// its own, at most Config.Concurrency of them at a time; requests beyond that
// wait here in the order of their arrival, where the daemon can still take them
// back (see marks in package link). A request that was taken back is dropped
// without an answer.
//
// A panic is answered and does not end the process. What does end it (a fatal
// error, a signal, os.Exit) is seen by the daemon, not by this package.
package worker
