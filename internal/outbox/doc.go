// Package outbox passes records to a sink, and never makes the writer of a
// record wait for it.
//
// [New] makes a [Writer] in front of a [Sink]: a file, a socket, a pipe.
// [Writer.Write] copies one record into memory of bounded size and returns. One
// goroutine passes the waiting records to the sink, several at once. While the
// sink takes nothing, records wait, and the goroutine tries again: at first
// after 10 ms, then less and less often, down to once a second.
//
// # What becomes of a record
//
// A record that was not counted as dropped reaches the sink, and records of one
// goroutine arrive in the order in which it wrote them. A record is dropped
//
//   - if the memory has no room for it,
//   - if the sink refuses it for good ([Refused]),
//   - if it comes after Close was called, or still waits when Close gives up.
//
// Each drop is counted. Records that found no room or that the sink refused are
// reported in a record, one for each reason, after the records that came before
// ([Options].Dropped).
//
// # Reading order
//
// sink.go: what a sink does. writer.go: the methods for any goroutine.
// queue.go: the waiting records. drops.go: reports of dropped ones. run.go: the
// goroutine that passes records on.
//
// # Concurrency
//
// Every method of Writer may be called from any goroutine. The methods of the
// sink, Options.Dropped and Options.OnError are called by the goroutine, one at
// a time.
package outbox
