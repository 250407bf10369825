package turns

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A flood of one kind fills neither the loop nor the queue, whatever comes
// while the loop stands still. The other kinds have their places still, and
// what was left out is counted and reported.
func TestFlood(t *testing.T) {
	const flood = 10_000
	for _, limit := range []int{1, 16, 1000} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			l, q, n := newQueue(t)
			ran := 0
			for range flood {
				q.Add("deaths", limit, func() { ran++ })
			}
			if q.Add("signals", 1, n.noting("a signal")) == nil {
				t.Error("another kind has no place")
			}
			waiting, leftOut := q.Count()
			if waiting != limit || leftOut != uint64(flood-limit) || len(l.posted) != 1 {
				t.Errorf("%d wait and %d were left out; %d are on the loop", waiting, leftOut, len(l.posted))
			}
			l.rest()
			if want := []string{fmt.Sprintf("%d of deaths left out", flood-limit), "a signal"}; ran != limit || !slices.Equal(*n, want) {
				t.Errorf("%d ran, and %q", ran, *n)
			}
			if q.Add("deaths", limit, func() {}) == nil {
				t.Error("none is taken when there is room again")
			}
		})
	}
}

// Without a limit nothing is left out.
func TestNoLimit(t *testing.T) {
	l, q, n := newQueue(t)
	for range 10_000 {
		q.Add("methods", 0, func() {})
	}
	if waiting, leftOut := q.Count(); waiting != 9_999 || leftOut != 0 {
		t.Errorf("%d wait, %d were left out", waiting, leftOut)
	}
	l.rest()
	if waiting, _ := q.Count(); waiting != 0 || len(*n) > 0 {
		t.Errorf("%d wait still: %q", waiting, *n)
	}
}

// All kinds together keep the order in which they came, and let the other
// functions of the loop have their turns between them.
func TestTurnsKeepTheirOrder(t *testing.T) {
	l, q, n := newQueue(t)
	for i := range 3 {
		q.Add("starts", 9, n.noting(fmt.Sprint("start ", i)))
		q.Add("ends", 9, n.noting(fmt.Sprint("end ", i)))
	}
	l.post(n.noting("a callback"))
	l.rest()
	if want := []string{"start 0", "a callback", "end 0", "start 1", "end 1", "start 2", "end 2"}; !slices.Equal(*n, want) {
		t.Errorf("%q", *n)
	}
}

// What was forgotten is not called and leaves its place. What has had its turn
// cannot be forgotten.
func TestForget(t *testing.T) {
	l, q, n := newQueue(t)
	first := q.Add("methods", 2, n.noting("first"))
	second := q.Add("methods", 2, n.noting("second"))
	if !q.Forget(second) || q.Forget(second) {
		t.Error("it is forgotten another number of times than once")
	}
	if q.Add("methods", 2, n.noting("third")) == nil {
		t.Error("what was forgotten has a place still")
	}
	l.rest()
	if q.Forget(first) || !slices.Equal(*n, []string{"first", "third"}) {
		t.Errorf("%q", *n)
	}
	for range 1000 {
		q.Forget(q.Add("methods", 0, func() { t.Error("it is called") }))
	}
	if l.rest(); len(l.posted) != 0 {
		t.Errorf("%d are on the loop", len(l.posted))
	}
}

// While a flood lasts, what it leaves out is reported once in a second, in sum
// all of it.
func TestReportsOfAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, q, n := newQueue(t)
		for range 45 { // of which one in a tenth of a second is called
			for range 5 {
				q.Add("signals", 4, func() {})
			}
			l.next()
			time.Sleep(unsaidSpan / 10)
		}
		if want := []string{"1 of signals left out", "40 of signals left out", "40 of signals left out", "40 of signals left out", "40 of signals left out"}; !slices.Equal(*n, want) {
			t.Errorf("%q", *n)
		}
		l.rest()
		if _, leftOut := q.Count(); leftOut != 1+4*40+16 || (*n)[len(*n)-1] != "16 of signals left out" {
			t.Errorf("%d were left out, and %q", leftOut, *n)
		}
	})
}

// When the loop takes nothing more, it calls all that wait, also after one that
// panics. What they add does not keep it from ending.
func TestEndOfTheLoop(t *testing.T) {
	l, q, n := newQueue(t)
	again := func() {
		n.add("again")
		if q.Add("ends", 0, func() { t.Error("it is called after the end") }) != nil {
			t.Error("something is taken after the end")
		}
	}
	q.Add("ends", 0, again)
	q.Add("ends", 0, func() { panic("unlucky") })
	q.Add("ends", 0, again)
	l.ended = true
	l.rest()
	if want := []string{"again", "ends panicked: unlucky", "again"}; !slices.Equal(*n, want) {
		t.Errorf("%q", *n)
	}
	if q.Add("ends", 0, func() {}) != nil {
		t.Error("something is taken after the end")
	}
}

// Many goroutines may use a queue.
func TestQueueAtOnce(t *testing.T) {
	_, q, _ := newQueue(t)
	const goroutines, each = 4, 500
	var adding sync.WaitGroup
	for i := range goroutines {
		adding.Go(func() {
			for range each {
				if turn := q.Add("methods", 0, func() {}); i == 0 {
					q.Forget(turn)
				}
				q.Count()
			}
		})
	}
	adding.Wait()
	if waiting, _ := q.Count(); waiting != (goroutines-1)*each-1 {
		t.Errorf("%d wait", waiting)
	}
}
