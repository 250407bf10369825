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
