package cron

import (
	"context"
	"maps"
	"testing"
	"testing/synctest"
	"time"
)

// A clock begins a job each time that it is due, and counts the times at which
// it is still pending.
func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var done func(Outcome)
		j, err := NewJob("0 * * * *", func(d func(Outcome)) { done = d })
		if err != nil {
			t.Fatal(err)
		}
		if f := j.Figures(); f != (Figures{}) {
			t.Errorf("before its start: %+v", f)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var clock Clock
		clock.Start(j, time.Now())
		next := j.Figures().Next
		go clock.Run(ctx)
		for _, want := range []Figures{
			{Next: next.Add(time.Hour), Runs: 1, Pending: true},
			{Next: next.Add(2 * time.Hour), Runs: 1, Missed: 1, Pending: true},
		} {
			time.Sleep(time.Until(want.Next.Add(-time.Hour)))
			synctest.Wait()
			if f := j.Figures(); f != want {
				t.Errorf("%+v instead of %+v", f, want)
			}
		}
		done(OK)
		j.Ended(Failed)
		time.Sleep(time.Until(next.Add(2 * time.Hour)))
		synctest.Wait()
		if f := j.Figures(); f.Runs != 2 || f.Missed != 1 || !f.LastOK.Equal(next.Add(time.Hour)) || !maps.Equal(f.Outcomes(), map[string]uint64{"ok": 1, "error": 1, "panicked": 0, "skipped": 0}) {
			t.Errorf("after it was done: %+v", f)
		}
	})
}

// A mistake in an expression is one of the job.
func TestWrongJob(t *testing.T) {
	if _, err := NewJob("0 * *", nil); err == nil {
		t.Error("no error")
	}
}
