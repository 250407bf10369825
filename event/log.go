package event

import "log/slog"

// Log is emitted before a record is written to the daemon's log: one of
// Legion's, one of a worker, or a line that a worker prints. Its topic is *Log:
//
//	legion.On(d, func(_ context.Context, e *event.Log) error { … })
//
// StopPropagation drops the record. A handler may also change the record, or
// replace it. Records that a handler of *Log logs itself are written without
// calling handlers.
//
// Records from outside the loop wait for it, in order; those that come while
// too many wait are dropped and counted. Records below the daemon's level emit
// no event.
type Log struct {
	// Record has all attributes, including daemon, pool, pid and call where they
	// apply. Values of types that package slog does not know are converted to text.
	Record *slog.Record
}
