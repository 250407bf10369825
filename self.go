package legion

import (
	"context"

	"github.com/legion-go/legion/internal/worker"
)

// WorkerSelf identifies a worker to its own code.
type WorkerSelf struct {
	Pool   string // the name of its pool
	Worker uint64 // its number in the pool, from 1, as in events and the log; its replacement has another
	Calls  uint64 // calls that have begun in it, including the current one
	Turns  uint64 // iterations of its own loop that have begun, including the current one
}

type selfKey struct{}

func withSelf(ctx context.Context, p *declaredPool, id uint64, tally *worker.Tally) context.Context {
	return context.WithValue(ctx, selfKey{}, func() WorkerSelf {
		return WorkerSelf{Pool: p.name, Worker: id, Calls: tally.Calls.Load(), Turns: tally.Turns.Load()}
	})
}

// Self returns which worker this is, and how many calls it has begun. ctx is
// the context of a function, a Loop, or the newT of [NewWorkers], or derived
// from one; elsewhere, in the daemon for instance, Self returns the zero value.
// Do work before or after each iteration of a Loop in Loop itself: the daemon
// does not see the iterations.
func Self(ctx context.Context) WorkerSelf {
	if self, ok := ctx.Value(selfKey{}).(func() WorkerSelf); ok {
		return self()
	}
	return WorkerSelf{}
}
