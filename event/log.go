package event

import "log/slog"

// Log is emitted before a record is written to the daemon's log: one of
// Legion's, one of a worker, or a line that a worker prints. Its topic is *Log:
//
//	legion.On(d, func(_ context.Context, e *event.Log) error { … })
//
// StopPropagation leaves the record out. A handler may also change the record,
// or put another one in its place. What such a handler logs itself is written
// without asking handlers.
//
// Records that come from elsewhere than the loop wait for it, in order; those
// that come while too many wait are dropped and counted. Records below the
// daemon's level make no event.
type Log struct {
	// Record has all attributes in it, daemon, pool, pid and call too where they
	// apply. Values of types that package slog does not know have become text.
	Record *slog.Record
}
