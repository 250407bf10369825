package turns

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// newUnheard returns an Unheard whose reports are noted, with the loop that
// calls them.
func newUnheard(t *testing.T) (*loop, *Unheard, *notes) {
	l, q, n := newQueue(t)
	return l, &Unheard{
		Queue:  q,
		Report: func(where string, err error) { n.add("%s: %v", where, err) },
		More:   func(more int) { n.add("%d more", more) },
	}, n
}

func failure(where string) Failure {
	return func() (string, error) { return where, errors.New("unlucky") }
}

// A failure is reported after one to two graces, if the program has not asked
// for it by then.
func TestUnheard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, u, n := newUnheard(t)
		asked := false
		u.Add(failure("one"))
		u.Add(func() (string, error) {
			if asked {
				return "", nil
			}
			return "two", errors.New("it was asked for")
		})
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
			l.rest()
		}
		pass(unheardGrace - 1)
		u.Add(failure("three"))
		asked = true
		if pass(unheardGrace); len(*n) > 0 { // the first look
			t.Errorf("too early: %q", *n)
		}
		u.Add(failure("four"))
		if pass(unheardGrace); !slices.Equal(*n, []string{"one: unlucky", "three: unlucky"}) {
			t.Errorf("after two looks: %q", *n)
		}
		if pass(unheardGrace); !slices.Equal(*n, []string{"one: unlucky", "three: unlucky", "four: unlucky"}) {
			t.Errorf("after three looks: %q", *n)
		}
		pass(time.Hour)
		u.Add(failure("five")) // it looks again
		if pass(2 * unheardGrace); (*n)[len(*n)-1] != "five: unlucky" {
			t.Errorf("after an hour: %q", *n)
		}
	})
}

// Failures without number are not kept, and their number is reported.
func TestManyUnheard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, u, n := newUnheard(t)
		const all = 3 * maxUnheard
		for i := range all {
			u.Add(failure(fmt.Sprint(i)))
		}
		time.Sleep(3 * unheardGrace)
		synctest.Wait()
		l.rest()
		if len(*n) != maxUnheard+1 || !slices.Contains(*n, fmt.Sprint(all-maxUnheard, " more")) {
			t.Errorf("%d reports, the last %q", len(*n), (*n)[len(*n)-1])
		}
	})
}

// Reports do not fill a loop that stands still.
func TestUnheardAtALoopThatStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, u, _ := newUnheard(t)
		for range 10 * maxUnheardReports {
			u.Add(failure("one"))
			time.Sleep(unheardGrace)
		}
		time.Sleep(3 * unheardGrace)
		synctest.Wait()
		if waiting, leftOut := u.Queue.Count(); waiting >= maxUnheardReports || leftOut == 0 {
			t.Errorf("%d wait, %d were left out", waiting, leftOut)
		}
		l.rest()
	})
}

// At the end all that are left are reported without a delay.
func TestEndOfUnheard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, u, n := newUnheard(t)
		u.Add(failure("old"))
		time.Sleep(unheardGrace)
		synctest.Wait()
		for range maxUnheard + 7 {
			u.Add(failure("fresh"))
		}
		u.End()
		l.rest()
		if len(*n) != 1+maxUnheard+1 || (*n)[0] != "old: unlucky" || (*n)[len(*n)-1] != "7 more" {
			t.Errorf("%d reports, from %q to %q", len(*n), (*n)[0], (*n)[len(*n)-1])
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		before := len(*n)
		if l.rest(); len(*n) != before {
			t.Errorf("again: %q", (*n)[before:])
		}
	})
}
