// Package logs is the log of a daemon: everything between a logger and the
// file, the socket or the stream that receives its records.
//
// A [Log] keeps records until it is opened, asks the daemon's handlers about
// each ([Handlers]), remembers the last ones for clients that follow the log
// ([Log.Tail], [Log.Follow]), and passes them on. [Output] and [Records] add
// what workers print and log; a [Limit] bounds the records of one source. In a
// worker process, a Log sends its records over the link to the daemon
// ([Log.UseLink]).
//
// # Reading order
//
//   - config.go: where a log goes
//   - log.go: Log, its life from New to Close
//   - front.go: the handler behind every logger, and how a record is delivered
//   - open.go: what a log is written to, and in which format
//   - console.go: levels in colour, on terminals
//   - journal.go: records as journald's entries
//   - handled.go: records waiting for handlers on the loop
//   - recent.go: remembering and following records
//   - levels.go: records counted by level
//   - limit.go: how much one source may add
//   - link.go: how a record travels from a worker to the daemon
//   - output.go: what workers print and log
//   - dump.go: recognising the lines of a crash report
//
// # Concurrency
//
// All methods may be called from any goroutine unless they say otherwise.
package logs
