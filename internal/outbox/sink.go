package outbox

import "context"

// Sink is where records go.
type Sink interface {
	// Put hands records on, whole ones, the oldest first. n bytes of them, again
	// whole records, are then out for good; the rest is put again. records is
	// the sink's until Put returns. Put may wait, until ctx ends: then the
	// writer gives up.
	//
	// If some are left and err says why, the writer pauses before it tries
	// again; a *Refused says that the first of them is not to be put again. If
	// none are left, err is a complaint: they are out, but not as they should
	// be.
	//
	// Without records, after Writer.Nudge, the sink sees to itself: it opens
	// its file anew, for instance.
	Put(ctx context.Context, records []byte) (n int, err error)

	// Close is the last call.
	Close() error
}

// Refused is the error of a Put if the first record that is not out must not be
// put again: it is dropped, with Err as the reason.
type Refused struct{ Err error }

func (r *Refused) Error() string { return r.Err.Error() }

func (r *Refused) Unwrap() error { return r.Err }
