package legion

import (
	"context"
	"sync"
	"sync/atomic"
)

// followerBuffer is how many items wait for a client that follows something.
const followerBuffer = 256

// followers are those who want to see something as it happens. Nothing ever
// waits for them: who is too slow misses items, and is told how many.
type followers[T any] struct {
	some atomic.Int32 // how many there are: who offers need not make an item for nobody

	mu  sync.Mutex
	all map[*follower[T]]struct{}
}

// follower is one of them.
type follower[T any] struct {
	items  chan T
	missed atomic.Uint64
}

// any reports whether there is one.
func (f *followers[T]) any() bool { return f.some.Load() > 0 }

// offer gives an item to all.
func (f *followers[T]) offer(item T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offerLocked(item)
}

func (f *followers[T]) offerLocked(item T) {
	for one := range f.all {
		select {
		case one.items <- item:
		default:
			one.missed.Add(1)
		}
	}
}

func (f *followers[T]) addLocked() *follower[T] {
	one := &follower[T]{items: make(chan T, followerBuffer)}
	if f.all == nil {
		f.all = map[*follower[T]]struct{}{}
	}
	f.all[one] = struct{}{}
	f.some.Add(1)
	return one
}

func (f *followers[T]) add() *follower[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addLocked()
}

func (f *followers[T]) remove(one *follower[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, one)
	f.some.Add(-1)
}

// follow sends items until ctx ends or send fails. missed makes the item that
// tells how many were left out.
func (one *follower[T]) follow(ctx context.Context, send func(T) error, missed func(n uint64) T) error {
	for {
		select {
		case item := <-one.items:
			if n := one.missed.Swap(0); n > 0 {
				if err := send(missed(n)); err != nil {
					return err
				}
			}
			if err := send(item); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}
