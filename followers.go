package legion

import (
	"context"
	"sync"
	"sync/atomic"
)

// followerBuffer is how many items wait for a client that follows something.
const followerBuffer = 256

// followers are those who want to see something as it happens. Nothing ever
// waits for them: who is too slow misses items, and is told how many, and where.
type followers[T any] struct {
	some atomic.Int32 // how many there are: who offers need not make an item for nobody

	mu  sync.Mutex
	all map[*follower[T]]struct{}
}

// follower is one of them.
type follower[T any] struct {
	of     *followers[T]
	wants  func(T) bool
	items  chan followed[T]
	missed uint64 // since the last item; guarded by of.mu
}

// followed is an item, and how many were left out before it.
type followed[T any] struct {
	item   T
	missed uint64
}

// wanted reports whether somebody wants an item.
func (f *followers[T]) wanted(item T) bool {
	if f.some.Load() == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for one := range f.all {
		if one.wants(item) {
			return true
		}
	}
	return false
}

// offer gives an item to all who want it.
func (f *followers[T]) offer(item T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.offerLocked(item)
}

func (f *followers[T]) offerLocked(item T) {
	for one := range f.all {
		if !one.wants(item) {
			continue
		}
		select {
		case one.items <- followed[T]{item, one.missed}:
			one.missed = 0
		default:
			one.missed++
		}
	}
}

func (f *followers[T]) addLocked(wants func(T) bool) *follower[T] {
	one := &follower[T]{of: f, wants: wants, items: make(chan followed[T], followerBuffer)}
	if f.all == nil {
		f.all = map[*follower[T]]struct{}{}
	}
	f.all[one] = struct{}{}
	f.some.Add(1)
	return one
}

// add adds one that gets the items for which wants, which must be quick, reports
// true.
func (f *followers[T]) add(wants func(T) bool) *follower[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.addLocked(wants)
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
	for ctx.Err() == nil { // items may come faster than they are sent
		select {
		case next := <-one.items:
			if next.missed > 0 {
				if err := send(missed(next.missed)); err != nil {
					return err
				}
			}
			if err := send(next.item); err != nil {
				return err
			}
			if n := one.missedLast(); n > 0 {
				if err := send(missed(n)); err != nil {
					return err
				}
			}
		case <-ctx.Done():
		}
	}
	return nil
}

// missedLast returns how many were left out after the last item, if all others
// have been taken.
func (one *follower[T]) missedLast() (n uint64) {
	if len(one.items) > 0 {
		return 0
	}
	one.of.mu.Lock()
	defer one.of.mu.Unlock()
	if len(one.items) == 0 {
		n, one.missed = one.missed, 0
	}
	return n
}
