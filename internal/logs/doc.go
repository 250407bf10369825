// Package logs is the log of a daemon: everything between a logger and the
// file, the socket or the stream that its records end in.
//
// A [Log] keeps records until it is opened, asks the daemon's handlers about
// each ([Handlers]), remembers the last ones for those that follow the log
// ([Log.Tail], [Log.Follow]), and hands them on. What workers print and log
// gets into it by [Output] and [Records]; a [Limit] bounds what one source
// brings in. In a worker process, a Log sends its records over the link to the
// daemon ([Log.UseLink]).
//
// # Reading order
//
//   - config.go: where a log goes
//   - log.go: Log, its life from New to Close
//   - front.go: the handler behind every logger, and how a record is delivered
//   - open.go: what a log is written to, and in which format
//   - console.go: levels in colour, on terminals
//   - journal.go: records as journald's entries
//   - handled.go: records that wait for handlers on the loop
//   - recent.go: records that are remembered, and followed
//   - limit.go: how much one source may bring in
//   - link.go: how a record travels from a worker to the daemon
//   - output.go: what workers print and log
//   - dump.go: which lines are a crash report's
//
// # Concurrency
//
// All methods may be called from any goroutine unless they say otherwise.
package logs
