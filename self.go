package legion

import (
	"context"

	"github.com/legion-go/legion/internal/worker"
)

// WorkerSelf is what a worker knows of itself.
type WorkerSelf struct {
	Pool   string // the name of its pool
	Worker uint64 // its number in the pool, from 1, as in events and the log; the worker that replaces it has another
	Calls  uint64 // calls that have begun in it, with the one that asks
	Turns  uint64 // iterations of its own loop that have begun, with the one that asks
}

type selfKey struct{}

func withSelf(ctx context.Context, p *declaration, id uint64, tally *worker.Tally) context.Context {
	return context.WithValue(ctx, selfKey{}, func() WorkerSelf {
		return WorkerSelf{Pool: p.name, Worker: id, Calls: tally.Calls.Load(), Turns: tally.Turns.Load()}
	})
}

// Self tells a worker which one it is, and how much it has done. ctx is the one
// that a function, a Loop, or the function that [NewWorkers] was given gets, or
// is derived from it; elsewhere, in the daemon for instance, Self returns the
// zero value. What is to be done before or after each iteration of a Loop
// belongs into Loop itself: the daemon is told of none of them.
func Self(ctx context.Context) WorkerSelf {
	if self, ok := ctx.Value(selfKey{}).(func() WorkerSelf); ok {
		return self()
	}
	return WorkerSelf{}
}
