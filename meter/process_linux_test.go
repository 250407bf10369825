package meter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/meter"
)

func TestMain(m *testing.M) {
	legiontest.Main(m, func() *legion.Daemon { return newMetered(legion.Pool{}).d })
}

// What workers count.
var (
	born  = meter.NewCounter("metered_processes_total", "Processes of the program.")
	work  = meter.NewCounter("metered_work_total", "Work done.")
	users = meter.NewCounter("metered_users_total", "Work done, by user: too many.", "user")
	open  = meter.NewGauge("metered_open", "What is open.")
	took  = meter.NewHistogram("metered_seconds", "How long it took.", nil, "kind")
	turns = meter.NewCounter("metered_turns_total", "Iterations of a loop.")
	ends  = meter.NewCounter("metered_ends_total", "Values of workers closed.")
)

var serial atomic.Int64 // of the users of this process

func init() { born.Inc() } // before the worker has its region

type metered struct {
	d    *legion.Daemon
	do   *legion.Func[job, int]
	task *legion.Func[job, int]
}

// job is what a worker of these tests can do. It counts N times.
type job struct {
	What string
	N    int
	Size int
	Path string
}

func newMetered(p legion.Pool) *metered {
	d := legion.New(legion.Config{Name: "metered", Control: "none", PID: legion.PIDMayChange, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	loop := legion.Pool{Max: 1, LoopEvery: time.Millisecond, Transport: p.Transport}
	legion.NewWorkers(d, "turner", func(context.Context) (*turner, error) { return new(turner), nil }, loop)
	return &metered{d, legion.Worker(d, "do", do, p), legion.Task(d, "task", do, legion.TaskOptions{Transport: p.Transport})}
}

type turner struct{}

func (*turner) Loop(context.Context) error { turns.Inc(); return nil }
func (*turner) Close() error               { ends.Inc(); return nil }

func do(ctx context.Context, j job) (int, error) {
	for range j.N {
		work.Inc()
		users.With(fmt.Sprintf("%d-%d", os.Getpid(), serial.Add(1))).Inc()
		took.With(j.What).Observe(0.5)
	}
	switch j.What {
	case "open":
		open.Set(float64(j.N))
	case "panic":
		go panic("on another goroutine")
		select {}
	case "exit":
		os.Exit(3)
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "time":
		began := time.Now()
		for range j.Size {
			work.Inc()
		}
		return int(time.Since(began)), nil
	case "storm":
		return storm(ctx, j.Path)
	}
	return os.Getpid(), nil
}

// storm counts for a while, and writes down beside it what it is about to count
// and what it has counted.
func storm(ctx context.Context, path string) (int, error) {
	before, after, err := notes(path)
	for n := 0; err == nil && n < 20_000 && ctx.Err() == nil; n++ {
		before.Add(1)
		work.Inc()
		after.Add(1)
		for range n % 512 { // most deaths come between two increments
			_ = after.Load()
		}
	}
	return 0, err
}

// notes maps two numbers in a file.
func notes(path string) (before, after *atomic.Uint64, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if err := f.Truncate(4096); err != nil {
		return nil, nil, err
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, nil, err
	}
	return (*atomic.Uint64)(unsafe.Pointer(&mem[0])), (*atomic.Uint64)(unsafe.Pointer(&mem[2048])), nil
}

// start starts the daemon, and returns what a counter of a pool has counted
// since.
func (m *metered) start(t *testing.T) (since func(counter, pool string) float64) {
	t.Helper()
	legiontest.CheckLeaks(t)
	before := map[string]float64{}
	for _, f := range meter.Gather() {
		for _, s := range f.Series {
			before[f.Name+" "+s.Pool] += s.Value
		}
	}
	legiontest.Start(t, m.d)
	return func(counter, pool string) (sum float64) {
		for _, s := range gathered(t, counter).Series {
			if s.Pool == pool {
				sum += s.Value
			}
		}
		return sum - before[counter+" "+pool]
	}
}

func await(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// 200 kills at random moments lose nothing: what was counted lies between what
// workers were about to count and what they had counted, and it never goes
// back.
func TestKillStorm(t *testing.T) {
	kills := slow.Tenth(t, 200, "starts and kills workers", "6 s")
	m := newMetered(legion.Pool{Min: 4, Max: 4, MaxRestarts: -1, CrashBudget: -1, KillGrace: 10 * time.Millisecond})
	since := m.start(t)
	path := filepath.Join(t.TempDir(), "notes")
	before, after, err := notes(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				_, err := m.do.Call(ctx, job{What: "storm", Path: path})
				if err != nil && !errors.Is(err, legion.ErrCrashed) && !errors.Is(err, legion.ErrCanceled) {
					t.Errorf("a call that is killed: %v", err)
				}
			}
		})
	}
	killed, last := 0, 0.0
	for killed < kills && !t.Failed() {
		time.Sleep(time.Duration(rand.IntN(int(10 * time.Millisecond))))
		workers := m.do.Pool().Stats().Workers
		if len(workers) == 0 {
			continue
		}
		if w := workers[rand.IntN(len(workers))]; w.Load > 0 {
			if syscall.Kill(w.PID, syscall.SIGKILL) == nil {
				killed++
			}
		}
		now := since("metered_work_total", "do")
		if now < last {
			t.Errorf("it went back from %v to %v", last, now)
		}
		last = now
	}
	stop()
	all.Wait()
	if err := m.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	got, low, high := uint64(since("metered_work_total", "do")), after.Load(), before.Load()
	if got < low || got > high || high-low > uint64(killed)+4 || low < uint64(killed) {
		t.Errorf("%d were counted; %d to %d were done", got, low, high)
	}
	t.Logf("%d were counted; %d to %d were done, in %d workers", got, low, high, m.do.Pool().Stats().Started)
}

// The last increment before a death counts, and Gather has it when the caller
// has the error.
func TestDeathsLoseNothing(t *testing.T) {
	for name, p := range map[string]legion.Pool{
		"plain":  {Max: 1, MaxRestarts: -1, CrashBudget: -1},
		"sealed": {Max: 1, MaxRestarts: -1, CrashBudget: -1, Sandbox: &legion.Sandbox{BestEffort: true}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMetered(p)
			since := m.start(t)
			want := 0.0
			for n, what := range []string{"kill", "exit", "panic", "none", "kill"} {
				if _, err := m.do.Call(t.Context(), job{What: what, N: n + 1}); err != nil && !errors.Is(err, legion.ErrCrashed) {
					t.Fatal(err)
				}
				want += float64(n + 1)
				if got := since("metered_work_total", "do"); got != want {
					t.Errorf("after %s: %v were counted, not %v", what, got, want)
				}
			}
			if got, started := since("metered_processes_total", "do"), m.do.Pool().Stats().Started; got < 3 || got > float64(started) {
				t.Errorf("%d workers were started, and %v say so", started, got)
			}
		})
	}
}

// Workers that leave, and are replaced, leave behind what they have counted,
// over both transports; tasks and loops count too.
func TestRecycling(t *testing.T) {
	for _, transport := range []legion.Transport{legion.SharedMemory, legion.Socket} {
		t.Run(transport.String(), func(t *testing.T) {
			m := newMetered(legion.Pool{Max: 2, MaxCalls: 3, Transport: transport})
			since := m.start(t)
			for range 20 {
				if _, err := m.do.Call(t.Context(), job{N: 5}); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				if _, err := m.task.Call(t.Context(), job{N: 5}); err != nil {
					t.Fatal(err)
				}
			}
			await(t, func() bool { return since("metered_turns_total", "turner") > 10 })
			if err := m.d.Reload(t.Context()); err != nil {
				t.Error(err)
			}
			for range 20 {
				if _, err := m.do.Call(t.Context(), job{N: 5}); err != nil {
					t.Fatal(err)
				}
			}
			await(t, func() bool { return since("metered_work_total", "do") == 200 })
			await(t, func() bool { return since("metered_work_total", "task") == 15 })
			if err := m.d.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if do, task := since("metered_work_total", "do"), since("metered_work_total", "task"); do != 200 || task != 15 {
				t.Errorf("%v and %v at the end", do, task)
			}
			if deaths := m.do.Pool().Stats().DeathsBy; len(deaths) > 0 {
				t.Errorf("workers that had to leave did not: %v", deaths)
			}
			if n := since("metered_ends_total", "turner"); n != 2 && transport == legion.SharedMemory {
				t.Errorf("%v values were closed: the one before the reload, and the one after", n)
			}
			if n := since("metered_work_total", ""); n != 0 {
				t.Errorf("the daemon has counted %v", n)
			}
		})
	}
}

// The gauges of living workers are added up; the dead count nothing.
func TestGaugesOfWorkers(t *testing.T) {
	m := newMetered(legion.Pool{Max: 1})
	since := m.start(t)
	for _, n := range []int{7, 3} {
		if _, err := m.do.Call(t.Context(), job{What: "open", N: n}); err != nil {
			t.Fatal(err)
		}
		if got := since("metered_open", "do"); got != float64(n) {
			t.Errorf("%v, not %v", got, n)
		}
	}
	if err := m.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := since("metered_open", "do"); got != 0 {
		t.Errorf("%v when no worker is left", got)
	}
}

// Workers that are goroutines count as the process that they are in.
func TestInProcess(t *testing.T) {
	for _, transport := range []legion.Transport{legion.SharedMemory, legion.Socket} {
		m := newMetered(legion.Pool{Max: 1, Transport: transport})
		m.d.InProcess()
		since := m.start(t)
		if _, err := m.do.Call(t.Context(), job{N: 3}); err != nil {
			t.Fatal(err)
		}
		if err := m.d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if own, pool := since("metered_work_total", ""), since("metered_work_total", "do"); own != 3 || pool != 0 {
			t.Errorf("%v and %v were counted", own, pool)
		}
	}
}

// A pool has at most 200 series of an instrument, and no increment is lost.
func TestTooManySeries(t *testing.T) {
	m := newMetered(legion.Pool{Max: 1, MaxCalls: 2})
	since := m.start(t)
	const calls, each = 6, 150
	for range calls {
		if _, err := m.do.Call(t.Context(), job{N: each}); err != nil {
			t.Fatal(err)
		}
	}
	if got := since("metered_users_total", "do"); got != calls*each {
		t.Errorf("%v, not %v", got, calls*each)
	}
	var series []string
	for _, s := range gathered(t, "metered_users_total").Series {
		if s.Pool == "do" {
			series = append(series, s.Values[0])
		}
	}
	if len(series) != 201 || series[200] != "_other" {
		t.Errorf("%d series: %v", len(series), series)
	}
}

// BenchmarkIncInWorker is the cost of an increment in a worker.
func BenchmarkIncInWorker(b *testing.B) {
	m := newMetered(legion.Pool{Max: 1})
	legiontest.Start(b, m.d)
	took, err := m.do.Call(b.Context(), job{What: "time", Size: b.N})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(took)/float64(b.N), "ns/op")
}
