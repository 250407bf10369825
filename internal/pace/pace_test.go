package pace

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// told is what limits have told.
type told struct {
	mu   sync.Mutex
	each []uint64
}

func (t *told) tell(left uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.each = append(t.each, left)
}

func (t *told) list() []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.each)
}

// take takes n times, and returns how often that was allowed.
func take(l *Limit, n int) (allowed int) {
	for range n {
		if l.Take(1) {
			allowed++
		}
	}
	return allowed
}

// What is left out is counted, and the count is told once the pause is over.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told told
		l := New(Options{Burst: 20, Rate: 2, Pause: time.Minute, Tell: told.tell})
		if n := take(l, 1000); n != 20 {
			t.Errorf("%d at once", n)
		}
		time.Sleep(time.Minute - 1)
		if n := take(l, 1); n != 0 || len(told.list()) > 0 {
			t.Errorf("%d in the pause, told %v", n, told.list())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if got := told.list(); !slices.Equal(got, []uint64{981}) {
			t.Errorf("told %v", got)
		}
		if n := take(l, 19); n != 19 {
			t.Errorf("%d after the pause", n)
		}
		if l.Take(2) {
			t.Error("what counts as two has passed for one")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := told.list(); !slices.Equal(got, []uint64{981, 1}) {
			t.Errorf("told %v", got)
		}
	})
}

// What comes at the rate is let through for ever.
func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := New(Options{Burst: 1, Rate: 2, Pause: time.Second, Tell: func(n uint64) { t.Errorf("%d left out", n) }})
		for range 1000 {
			l.Take(1)
			time.Sleep(time.Second / 2)
		}
	})
}

// Flush tells what was left out in a pause before its end, once.
func TestFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told told
		l := New(Options{Burst: 1, Rate: 1, Pause: time.Minute, Tell: told.tell})
		l.Flush()
		take(l, 3)
		l.Flush()
		l.Flush()
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := told.list(); !slices.Equal(got, []uint64{2}) {
			t.Errorf("told %v", got)
		}
	})
}

// A set flushes the limits that have something to tell, and waits for one that
// is telling it just now.
func TestSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var set Set
		var told told
		make := func() *Limit {
			return New(Options{Burst: 1, Rate: 1, Pause: time.Minute, Set: &set, Tell: func(left uint64) {
				time.Sleep(time.Second)
				told.tell(left)
			}})
		}
		for n := range 4 {
			take(make(), n)
		}
		set.Flush()
		if got := told.list(); len(got) != 2 || got[0]+got[1] != 3 {
			t.Errorf("told %v", got)
		}
		take(make(), 5)
		time.Sleep(time.Minute)
		synctest.Wait() // it tells
		set.Flush()
		if got := told.list(); len(got) != 3 || got[2] != 4 {
			t.Errorf("told %v", got)
		}
		if n := len(set.all()); n != 0 {
			t.Errorf("%d limits are remembered", n)
		}
	})
}
