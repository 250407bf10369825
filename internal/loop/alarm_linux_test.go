package loop

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestPreciseAlarmIsClosed: loops with the kernel's timer leave no timer
// behind.
func TestPreciseAlarmIsClosed(t *testing.T) {
	before := timers(t)
	for range 3 {
		l := New(Config{Precise: true})
		during, ticks := 0, 0
		l.Every(time.Millisecond, func() {
			during = timers(t)
			if ticks++; ticks == 5 {
				l.Stop()
			}
		})
		if err := l.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if during != before+1 {
			t.Errorf("%d timer descriptors while the loop runs, %d before; want one more", during, before)
		}
	}
	if after := timers(t); after != before {
		t.Errorf("%d timer descriptors after the loops, %d before", after, before)
	}
}

// TestPreciseAlarmRings: the alarm rings also for times that have passed when
// it is set.
func TestPreciseAlarmRings(t *testing.T) {
	a, err := newPrecise()
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	for _, in := range []time.Duration{time.Millisecond, 1, 0, -1, -time.Hour} {
		a.set(time.Hour)
		set := time.Now()
		a.set(in)
		<-a.ring()
		if took := time.Since(set); took < in {
			t.Errorf("set to %v, rang after %v", in, took)
		}
	}
}

// timers counts the timer descriptors of this process.
func timers(t *testing.T) (n int) {
	const dir = "/proc/self/fd/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Error(err)
	}
	for _, e := range entries {
		if to, err := os.Readlink(dir + e.Name()); err == nil && strings.Contains(to, "timerfd") {
			n++
		}
	}
	return n
}
