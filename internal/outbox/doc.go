// Package outbox hands records to a sink, and never makes the writer of a
// record wait for it.
//
// [New] makes a [Writer] in front of a [Sink]: a file, a socket, a pipe.
// [Writer.Write] copies one record into memory of bounded size and returns. One
// goroutine hands what waits there to the sink, several records at once. While
// the sink takes nothing, records wait, and the goroutine tries again: at first
// after 10 ms, then less and less often, down to once a second.
//
// # What becomes of a record
//
// A record that was not counted as dropped is handed to the sink, and records
// of one goroutine arrive in the order in which it wrote them. A record is
// dropped
//
//   - if there is no room for it in the memory,
//   - if the sink refuses it for good ([Refused]),
//   - if it comes after Close was called, or still waits when Close gives up.
//
// Each drop is counted. What found no room, and what the sink refused, is told
// in a record of its own, one for each reason, after the records that came
// before ([Options].Dropped).
//
// # Reading order
//
// sink.go: what a sink does. writer.go: what any goroutine calls. queue.go: the
// records that wait. drops.go: what is to be told of dropped ones. run.go: the
// goroutine that hands records on.
//
// # Concurrency
//
// Every method of Writer may be called from any goroutine. The methods of the
// sink, Options.Dropped and Options.OnError are called by the goroutine, one at
// a time.
package outbox
