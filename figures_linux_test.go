package legion_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

func init() { unlike = append(unlike, func() *legion.Daemon { return newBurner().d }) }

// burner is a daemon with a function that uses processor time, one that waits,
// and one that kills its worker after having used some.
type burner struct {
	d                *legion.Daemon
	burn, wait, kill *legion.Func[time.Duration, int]
}

func newBurner() *burner {
	b := &burner{d: legion.New(quiet("burner"))}
	w := legion.NewWorkers(b.d, "burner", func(context.Context) (*struct{}, error) { return &struct{}{}, nil },
		legion.Pool{Min: 1, Max: 1, MaxRestarts: -1, Sandbox: box()})
	used := func() time.Duration {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	burn := func(_ *struct{}, _ context.Context, d time.Duration) (int, error) {
		for until := used() + d; used() < until; {
		}
		return 0, nil
	}
	b.burn = legion.Handle(w, "burn", burn)
	b.wait = legion.Handle(w, "wait", func(_ *struct{}, ctx context.Context, d time.Duration) (int, error) {
		time.Sleep(d)
		return 0, nil
	})
	b.kill = legion.Handle(w, "kill", func(s *struct{}, ctx context.Context, d time.Duration) (int, error) {
		_, _ = burn(s, ctx, d)
		return 0, syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
	return b
}

// Processor time is that of the function that used it, also if its worker died
// of it. No counter goes back with a worker.
func TestProcessorTimeOfFunctions(t *testing.T) {
	legiontest.CheckLeaks(t)
	b := newBurner()
	legiontest.Start(t, b.d)
	var last status.PoolStats
	for range 3 {
		const d = 50 * time.Millisecond
		for _, f := range []*legion.Func[time.Duration, int]{b.wait, b.burn, b.wait, b.kill} {
			if _, err := f.Call(t.Context(), d); (err != nil) != (f == b.kill) || errors.Is(err, legion.ErrStopped) {
				t.Fatal(f.Name(), err)
			}
			s := b.burn.Pool().Stats()
			if s.CPU < last.CPU || s.Busy < last.Busy || s.Calls != last.Calls+1 {
				t.Errorf("after %s: %v of processor time after %v, busy for %v after %v", f.Name(), s.CPU, last.CPU, s.Busy, last.Busy)
			}
			for i := range last.Funcs {
				if s.Funcs[i].CPU < last.Funcs[i].CPU || s.Funcs[i].Calls < last.Funcs[i].Calls {
					t.Errorf("after %s: %+v, after %+v", f.Name(), s.Funcs[i], last.Funcs[i])
				}
			}
			last = s
		}
	}
	burn, wait, kill := last.Funcs[0], last.Funcs[1], last.Funcs[2]
	const least = 3 * 45 * time.Millisecond // a look may come between two ticks of rusage
	if burn.CPU < least || kill.CPU < least || wait.CPU > burn.CPU || burn.CPU+wait.CPU+kill.CPU > last.CPU {
		t.Errorf("%v, %v and %v of %v", burn.CPU, wait.CPU, kill.CPU, last.CPU)
	}
	if wait.Run.Mean < 50*time.Millisecond || last.DeathsBy["signal"] != 3 || last.BytesIn == 0 {
		t.Errorf("%+v", last)
	}
}
