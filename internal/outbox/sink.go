package outbox

import "context"

// Sink is where records go.
type Sink interface {
	// Put writes records, whole ones, the oldest first. n bytes of them, again
	// whole records, are then written for good; the rest is put again. records
	// belongs to the sink until Put returns. Put may wait until ctx ends: then the
	// writer gives up.
	//
	// If some are left and err says why, the writer pauses before it tries again; a
	// *Refused says that the first of them must not be put again. If none are left,
	// err is a complaint: they are written, but not as they should be.
	//
	// Without records, after Writer.Nudge, the sink checks itself: it reopens its
	// file, for instance.
	Put(ctx context.Context, records []byte) (n int, err error)

	// Close is the last call.
	Close() error
}

// Refused is the error of a Put if the first unwritten record must not be put
// again: it is dropped, with Err as the reason.
type Refused struct{ Err error }

func (r *Refused) Error() string { return r.Err.Error() }

func (r *Refused) Unwrap() error { return r.Err }
