package loop_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/loop"
)

const ms = time.Millisecond

// at collects the times of runs, since the beginning of the test's virtual
// time.
type at struct {
	start time.Time
	times []time.Duration
}

func (a *at) mark() { a.times = append(a.times, time.Since(a.start)) }

// upTo returns a random time of less than d.
func upTo(rng *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rng.Int64N(int64(d)))
}

func TestTicksDoNotDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		rng := rand.New(rand.NewPCG(1, 2))
		ran := at{start: time.Now()}
		ticker := l.Every(10*ms, func() {
			ran.mark()
			time.Sleep(upTo(rng, 10*ms))
		})
		wait := run(t, t.Context(), l)
		time.Sleep(10 * time.Second)
		l.Stop()
		wait()
		for n, got := range ran.times {
			if want := time.Duration(n) * 10 * ms; got != want {
				t.Fatalf("tick %d began at %v, want %v", n, got, want)
			}
		}
		s := ticker.Stats()
		if s.Runs < 1000 || s.Missed != 0 || s.Overruns != 0 || s.LongestLate != 0 || s.Longest >= 10*ms || s.Longest < 9*ms {
			t.Errorf("after 10 s of 100 Hz: %+v", s)
		}
	})
}

func TestTicksStayOnScheduleBesideSlowPosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		rng := rand.New(rand.NewPCG(3, 4))
		start := time.Now()
		runs, missed := 0, 0
		var last time.Duration = -1 // the slot of the last tick
		ticker := l.Every(10*ms, func() {
			slot := time.Since(start) / (10 * ms)
			if slot <= last {
				t.Errorf("two ticks in slot %d", slot)
			}
			missed += int(slot - last - 1)
			last = slot
			runs++
		})
		wait := run(t, t.Context(), l)
		for time.Since(start) < 10*time.Second {
			work, pause := upTo(rng, 50*ms), upTo(rng, 100*ms)
			l.Post(func() { time.Sleep(work) })
			time.Sleep(pause)
		}
		l.Stop()
		wait()
		s := ticker.Stats()
		if int(s.Runs) != runs || int(s.Missed) != missed || missed == 0 || s.LongestLate == 0 {
			t.Errorf("%+v; seen from outside: %d runs, %d missed", s, runs, missed)
		}
		if late := s.LongestLate; late >= 50*ms {
			t.Errorf("a tick was %v late beside functions of less than 50 ms", late)
		}
	})
}

func TestLateTickRunsOnceAndNoBurstFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		ran := at{start: time.Now()}
		ticker := l.Every(10*ms, ran.mark)
		wait := run(t, t.Context(), l)
		time.Sleep(5 * ms)
		l.Post(func() { time.Sleep(20 * time.Second) }) // like a process that is stopped for 20 s
		time.Sleep(20*time.Second + 20*ms)              // 20.025 s now
		l.Stop()
		wait()
		want := []time.Duration{0, 20_005 * ms, 20_010 * ms, 20_020 * ms}
		if !slices.Equal(ran.times, want) {
			t.Errorf("ticks at %v, want %v", ran.times, want)
		}
		// Due at 10 … 20,000 ms: 2000 ticks, the last of which ran late.
		wantStats := loop.TickerStats{Runs: 4, Missed: 1999, LongestLate: 20_005*ms - 10*ms}
		if s := ticker.Stats(); s != wantStats {
			t.Errorf("%+v, want %+v", s, wantStats)
		}
	})
}

func TestOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		work := []time.Duration{10 * ms, 25 * ms, 1 * ms, 0}
		ran := at{start: time.Now()}
		var ticker *loop.Ticker
		ticker = l.Every(10*ms, func() {
			ran.mark()
			time.Sleep(work[0])
			if work = work[1:]; len(work) == 0 {
				ticker.Stop()
			}
		})
		wait := run(t, t.Context(), l)
		time.Sleep(time.Second)
		l.Stop()
		wait()
		if want := []time.Duration{0, 10 * ms, 35 * ms, 40 * ms}; !slices.Equal(ran.times, want) {
			t.Errorf("ticks at %v, want %v", ran.times, want)
		}
		want := loop.TickerStats{Runs: 4, Missed: 1, Overruns: 1, Longest: 25 * ms, LongestLate: 15 * ms}
		if s := ticker.Stats(); s != want {
			t.Errorf("%+v, want %+v", s, want)
		}
	})
}

func TestSeveralTickers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		var start time.Time
		var order []string
		mark := func(name string) func() {
			return func() { order = append(order, fmt.Sprint(name, int(time.Since(start)/ms))) }
		}
		l.Every(20*ms, mark("a"))
		b := l.Every(30*ms, mark("b"))
		time.Sleep(time.Hour + 7*ms) // schedules begin with Run
		start = time.Now()
		wait := run(t, t.Context(), l)
		time.Sleep(45 * ms)
		b.Stop()
		b.Stop()
		c := l.Every(20*ms, mark("c"))
		time.Sleep(41 * ms)
		l.Stop()
		wait()
		want := []string{"a0", "b0", "a20", "b30", "a40", "c45", "a60", "c65", "a80", "c85"}
		if !slices.Equal(order, want) {
			t.Errorf("order %v, want %v", order, want)
		}
		if runs := b.Stats().Runs; runs != 2 || c.Interval() != 20*ms {
			t.Errorf("b ran %d times, interval of c %v", runs, c.Interval())
		}
	})
}

func TestIntervalZeroPausesAndYields(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{MinPause: 5 * ms})
		ran := at{start: time.Now()}
		ticker := l.Every(0, func() { ran.mark(); time.Sleep(10 * ms) })
		wait := run(t, t.Context(), l)
		time.Sleep(11 * ms) // in the pause
		var late time.Duration = -1
		posted := time.Now()
		l.Post(func() { late = time.Since(posted) })
		time.Sleep(21 * ms) // 32: in the third tick
		l.Stop()
		wait()
		if want := []time.Duration{0, 15 * ms, 30 * ms}; !slices.Equal(ran.times, want) {
			t.Errorf("ticks at %v, want %v", ran.times, want)
		}
		if late != 0 {
			t.Errorf("a function posted in the pause began %v late", late)
		}
		if s := ticker.Stats(); s.Runs != 3 || s.Missed != 0 || s.Overruns != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestLongestIntervalTicksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		time.Sleep(time.Hour)
		ticker := l.Every(math.MaxInt64, func() {})
		wait := run(t, t.Context(), l)
		time.Sleep(10 * 365 * 24 * time.Hour)
		l.Stop()
		wait()
		if s := ticker.Stats(); s.Runs != 1 || s.Missed != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFloodOfPostsDoesNotStarveTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		ticker := l.Every(10*ms, func() { time.Sleep(2 * ms) })
		var again func()
		again = func() { time.Sleep(ms); l.Post(again) } // one is always waiting
		l.Post(again)
		l.Post(again)
		wait := run(t, t.Context(), l)
		time.Sleep(10 * time.Second)
		l.Stop()
		wait()
		if s := ticker.Stats(); s.Runs < 1000 || s.Missed != 0 || s.LongestLate > ms {
			t.Errorf("beside a flood of functions of 1 ms: %+v", s)
		}
	})
}

func TestOverrunningTicksDoNotStarvePosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		var ticking, posting time.Duration
		for range 3 {
			l.Every(10*ms, func() { time.Sleep(25 * ms); ticking += 25 * ms })
		}
		var again func()
		again = func() { time.Sleep(ms); posting += ms; l.Post(again) }
		l.Post(again)
		wait := run(t, t.Context(), l)
		time.Sleep(10 * time.Second)
		l.Stop()
		wait()
		if diff := (ticking - posting).Abs(); diff > 50*ms {
			t.Errorf("ticks had %v, posted functions %v; want the same for both", ticking, posting)
		}
	})
}
