// Package follow sends clients events as they happen, and never waits for a
// client.
//
// A [Feed] is a series of items; each [Follower] of it gets the items that it
// wants. A follower that is too slow misses items, and learns how many, and
// where.
//
// Every method may be called from any goroutine, but Follower.Run only from
// one.
package follow

import (
	"context"
	"sync"
	"sync/atomic"
)

// Buffer is how many items wait for one follower.
const Buffer = 256

// Feed passes items to followers. Its zero value has none.
type Feed[T any] struct {
	count atomic.Int32 // of all

	mu  sync.Mutex
	all map[*Follower[T]]struct{}
}

// Follower gets the items of a feed. Made by Feed.Add.
type Follower[T any] struct {
	of     *Feed[T]
	wants  func(T) bool
	items  chan next[T]
	missed uint64 // since the last item; guarded by of.mu
}

// next is an item, and how many were left out before it.
type next[T any] struct {
	item   T
	missed uint64
}

// Followed reports whether there are followers: without any, no item need be
// made.
func (f *Feed[T]) Followed() bool { return f.count.Load() > 0 }

// Wanted reports whether a follower wants an item, and has room for it. If none
// has, each that wants it misses it, and it need not be made.
func (f *Feed[T]) Wanted(item T) bool {
	if !f.Followed() {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for one := range f.all {
		if len(one.items) < Buffer && one.wants(item) {
			return true
		}
	}
	for one := range f.all {
		if one.wants(item) {
			one.missed++
		}
	}
	return false
}

// Offer gives an item to all followers that want it. It does not wait.
func (f *Feed[T]) Offer(item T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for one := range f.all {
		if !one.wants(item) {
			continue
		}
		select {
		case one.items <- next[T]{item, one.missed}:
			one.missed = 0
		default:
			one.missed++
		}
	}
}

// Add adds a follower that gets the items for which wants, which must be quick,
// reports true, until Remove.
func (f *Feed[T]) Add(wants func(T) bool) *Follower[T] {
	one := &Follower[T]{of: f, wants: wants, items: make(chan next[T], Buffer)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[*Follower[T]]struct{}{}
	}
	f.all[one] = struct{}{}
	f.count.Add(1)
	return one
}

// Remove ends the delivery of items to one. It must be called once.
func (f *Feed[T]) Remove(one *Follower[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, one)
	f.count.Add(-1)
}

// Run sends items until ctx ends, when it returns nil, or send fails, whose
// error it returns. missed makes the item that says how many were left out.
func (one *Follower[T]) Run(ctx context.Context, send func(T) error, missed func(n uint64) T) error {
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

// Take returns the items that wait, at most Buffer, and how many were left out
// before the last of them; or after it, if no item came since. It does not
// wait, and is used instead of Run.
func (one *Follower[T]) Take() (items []T, missed uint64) {
	for range Buffer {
		select {
		case next := <-one.items:
			items, missed = append(items, next.item), missed+next.missed
			continue
		default:
		}
		break
	}
	return items, missed + one.missedLast()
}

// missedLast returns how many were left out after the last item, if all others
// were taken.
func (one *Follower[T]) missedLast() (n uint64) {
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
