package main

import (
	"testing"
	"testing/synctest"
	"time"
)

// idleSession is a session without a process.
type idleSession struct{ Session }

func (idleSession) PIDs() []int { return nil }

// The rate is right even if a call takes longer than the measurement.
func TestRateOfLongCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sleep := func(d time.Duration) Call {
			return func() error { time.Sleep(d); return nil }
		}
		calls := []Call{sleep(20 * time.Millisecond), sleep(50 * time.Millisecond), sleep(4 * time.Millisecond)}
		sample, err := closedLoop(idleSession{}, calls, 10*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if want := 50.0 + 20 + 250; sample[Rate] < want*0.999 || sample[Rate] > want*1.001 {
			t.Errorf("%v calls/s, want %v", sample[Rate], want)
		}
	})
}

// Of the four seconds that two CPUs have, the benchmark used one and others
// one and a half. Rounding does not make them less than nothing.
func TestOthersShare(t *testing.T) {
	began := time.Now()
	before := busy{began, 100 * time.Second, 10 * time.Second, 2}
	after := busy{began.Add(2 * time.Second), 102500 * time.Millisecond, 11 * time.Second, 2}
	if got := after.others(before); got != 37.5 {
		t.Errorf("%v %%, want 37.5", got)
	}
	after.all = 100*time.Second + 990*time.Millisecond
	if got := after.others(before); got != 0 {
		t.Errorf("%v %%, want 0", got)
	}
}
