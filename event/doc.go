// Package event holds the events that a daemon of Legion emits. The type of an
// event is its topic; legion.On adds a handler:
//
//	legion.On(d, func(ctx context.Context, e event.WorkerExited) error {
//		log.Printf("worker %d of pool %s: %s", e.PID, e.Pool, e.How)
//		return nil
//	})
//
// Handlers run on the daemon's loop. Where the documentation of an event says
// so, a handler that returns legion.StopPropagation prevents Legion's default
// action.
//
// The events, by file:
//
//   - life.go: the daemon's life, from Init to Shutdown
//   - loop.go: its loop
//   - worker.go: workers, and their own loops
//   - client.go: clients of the control socket
//   - log.go: *Log, a record of the log
//
// One more event is *status.Stats: its handlers add to the statistics. A
// program may emit values of its own types with legion.Emit.
package event
