package pool

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// The memory of workers is looked at often while calls run, seldom while none
// does, and never where nothing limits it.
func TestWhenMemoryIsLookedAt(t *testing.T) {
	for _, c := range []struct {
		cfg           Config
		idle, running int // looks in a minute
	}{
		{Config{Min: 1}, 0, 0},
		{Config{Min: 1, MemoryLimit: 1 << 20}, 30, 1200},
		{Config{Min: 1, MaxMemory: 1 << 20}, 30, 1200},
		{Config{Min: 1, MaxMemory: 1 << 20, Timeout: time.Hour}, 30, 1200},
	} {
		onStage(t, c.cfg, func(st *stage) {
			a := st.actor(1)
			looks := func(want int) {
				t.Helper()
				time.Sleep(2 * time.Second) // it is not woken for a call
				before := a.looked()
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := a.looked() - before; n < want-2 || n > want+2 {
					t.Errorf("in a minute its memory was looked at %d times, not %d", n, want)
				}
			}
			looks(c.idle)
			st.give(1)
			looks(c.running)
			a.answers(0, wire.OK, nil)
			looks(c.idle)
		})
	}
	onStage(t, Config{Spawn: Lazy, MemoryLimit: 1 << 20}, func(st *stage) {
		time.Sleep(time.Hour)
		if st.core.armed != 0 {
			t.Error("a pool without workers looks at nothing")
		}
	})
	onStage(t, Config{Min: 1, MemoryLimit: 1 << 20, Timeout: time.Second}, func(st *stage) {
		st.give(1)
		time.Sleep(time.Second - 1)
		if n := st.actor(1).looked(); n < 18 {
			t.Errorf("where a call wakes it, it has looked %d times in a second", n)
		}
	})
}

// A worker above the limit is killed, and one that has grown too large is
// replaced, soon after it is seen, however long the looks have found nothing;
// one that cannot be looked at is left alone.
func TestLooksAtMemory(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		size uint64
		want []string
	}{
		{Config{Min: 1, MemoryLimit: 1000}, 1000, nil},
		{Config{Min: 1, MemoryLimit: 1000}, 1001, []string{"1: quit", "died 1 (expected false)", "1: closed"}},
		{Config{Min: 1, MaxMemory: 1000}, 1001, nil},
	} {
		for _, busy := range []bool{true, false} {
			c.cfg.MaxRestarts, c.cfg.RestartWindow = 9, time.Hour
			onStage(t, c.cfg, func(st *stage) {
				a, soon := st.actor(1), 2*time.Second
				if busy {
					st.give(1)
					a.request(0) // it has begun it
					soon = 50 * time.Millisecond
				}
				time.Sleep(20 * time.Second)
				st.forget()
				a.memory.Store(c.size)
				time.Sleep(soon)
				synctest.Wait()
				if c.cfg.MaxMemory > 0 {
					st.actor(2).ready()
					if did := st.forget(); !slices.Contains(did, "1: Stop") || len(did) != 2 {
						t.Errorf("it did %s", did)
					}
				}
				st.want(c.want...)
				if s := st.Stats(); strings.Contains(s.LastDeath, "memory limit") != (c.size == 1001 && c.cfg.MemoryLimit > 0) {
					t.Errorf("the last death: %q", s.LastDeath)
				}
			})
		}
	}
}

// Figures of workers are asked for when they are wanted.
func TestFiguresOfWorkers(t *testing.T) {
	onStage(t, Config{Min: 2, Max: 2, Concurrency: 2}, func(st *stage) {
		st.actor(1).memory.Store(4711)
		time.Sleep(time.Second)
		st.give(1)
		time.Sleep(time.Second)
		st.give(1)
		time.Sleep(time.Second)
		s := st.Stats()
		if len(s.Workers) != 2 || s.Workers[0].Memory != 4711 || s.Workers[1].Memory != 0 || st.actor(2).looked() != 1 {
			t.Fatalf("%+v", s.Workers)
		}
		if s.Workers[0].CPU != time.Second || s.Workers[1].CPU != 2*time.Second {
			t.Errorf("processor time of %v and %v", s.Workers[0].CPU, s.Workers[1].CPU)
		}
		if w := s.Workers[0]; w.ID != 1 || w.PID != 101 || w.State != "ready" || w.Age != 3*time.Second || w.Load != 1 || w.Call != "spinning" || w.For != 2*time.Second {
			t.Errorf("%+v", w)
		}
		st.actor(1).answers(0, wire.OK, nil)
		if w := st.Stats().Workers[0]; w.Calls != 1 || w.Load != 0 || w.Call != "" || w.For != 0 {
			t.Errorf("%+v", w)
		}
		for range 5 {
			st.give(1)
		}
		st.actor(2).answers(0, wire.Error, wire.AppendFault(nil, wire.Fault{}))
		s = st.Stats()
		if s.Running != 4 || s.Queued != 1 || len(s.Funcs) != 3 {
			t.Errorf("%+v", s.Summary)
		}
		if f := s.Funcs[0]; f.Name != "spinning" || f.Calls != 2 || f.Errors != 1 || f.Mean == 0 || s.Funcs[1].Calls != 0 {
			t.Errorf("%+v", s.Funcs)
		}
	})
	synctest.Test(t, func(t *testing.T) { // one that has no process yet
		st := newStage(t, Config{Min: 1, MemoryLimit: 1})
		st.curtain = make(chan struct{})
		st.start(st.t.Context())
		if w := st.Stats().Workers; len(w) != 1 || w[0].PID != 0 || w[0].State != "starting" {
			t.Errorf("%+v", w)
		}
	})
}

// Steering one worker does it to that one, and to no other; all it is to none.
func TestSteering(t *testing.T) {
	onStage(t, Config{Min: 3, Max: 3, Looping: true}, func(st *stage) {
		if err := st.PauseWorker(102, true); err != nil {
			t.Error(err)
		}
		st.want("2: Pause")
		st.give(1)
		st.give(1)
		waits := st.give(1)
		st.want("1: Request spinning of 1 bytes", "3: Request spinning of 1 bytes")
		if err := st.PauseWorker(102, false); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		st.forget()
		if st.WorkerOf(waits) != 102 {
			t.Error("the worker that goes on gets no call")
		}
		for _, err := range []error{st.PauseWorker(99, true), st.PauseWorker(0, false), st.Kill(0), st.Kill(99), st.Signal(99, 1), st.End(st.t.Context(), 0)} {
			if err == nil || err.Error() != "pool stage has no worker with pid "+map[bool]string{true: "0", false: "99"}[err.Error()[len("pool stage has no worker with pid "):][0] == '0']+": it has 101, 102, 103" {
				t.Error(err)
			}
		}
		st.want()
	})
	onStage(t, Config{Min: 2, Max: 2, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
		if err := st.Signal(101, 10); err == nil {
			t.Error("an actor took a signal")
		}
		st.actor(1).hardy, st.actor(2).hardy = true, true
		st.KillAll()
		st.want("1: kill kill", "2: kill kill")
	})
	onStage(t, Config{Min: 1}, func(st *stage) {
		st.Scale(2, 3)
		st.boot()
		if s := st.Summary(); s.Min != 2 || s.Max != 3 || s.Serving != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// One that does not leave is killed in the end, whatever told it to leave;
// nobody waits for one that is stuck.
func TestEndOfAWorkerThatStays(t *testing.T) {
	for name, end := range map[string]func(st *stage) error{
		"End":  func(st *stage) error { return st.End(st.t.Context(), 101) },
		"Halt": func(st *stage) error { return st.Halt(st.t.Context()) },
	} {
		onStage(t, Config{Min: 1, Max: 2}, func(st *stage) {
			st.actor(1).hardy = true
			ended := make(chan error, 1)
			go func() { ended <- end(st) }()
			time.Sleep(time.Minute)
			st.want("1: Stop", "1: quit", "1: kill stop")
			select {
			case err := <-ended:
				if err != nil {
					t.Error(name, err)
				}
			default:
				t.Error(name, "does not return")
			}
		})
	}
	onStage(t, Config{Min: 1}, func(st *stage) { // a pool that stops is not halted
		go st.Stop(time.Minute)
		synctest.Wait()
		st.actor(1).hardy = true
		go st.Halt(st.t.Context())
		time.Sleep(2 * time.Minute)
		if s := st.Summary(); s.State != StateStopped {
			t.Errorf("%+v", s)
		}
	})
}

// A replacement whose worker is told to leave takes its place in its own right.
func TestEndOfAWorkerThatIsReplaced(t *testing.T) {
	onStage(t, Config{Min: 1, Max: 3}, func(st *stage) {
		st.Recycle()
		synctest.Wait()
		ended := make(chan error, 1)
		go func() { ended <- st.End(st.t.Context(), 101) }()
		st.want("1: Stop")
		st.actor(1).die(proc.Exit{PID: 101})
		synctest.Wait()
		st.actor(2).ready()
		st.want("died 1 (expected true)", "1: closed", "ready 2 pid 102 after 0s")
		if s := st.Stats(); len(s.Workers) != 1 || s.Started != 2 || <-ended != nil {
			t.Errorf("%+v", s)
		}
	})
}

// End returns when the worker has gone, Halt when all have; then calls wait for
// Resume.
func TestEndAndHalt(t *testing.T) {
	onStage(t, Config{Min: 1}, func(st *stage) {
		ended := make(chan error, 1)
		go func() { ended <- st.End(st.t.Context(), 101) }()
		st.want("1: Stop")
		if len(ended) > 0 || len(st.all()) != 2 {
			t.Error("it returned before the worker had gone, or that is not replaced before")
		}
		st.actor(1).die(proc.Exit{PID: 101})
		synctest.Wait()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		st.boot()
		go func() { ended <- st.Halt(st.t.Context()) }()
		st.want("2: Stop")
		c := st.give(1)
		if len(ended) > 0 || st.Summary().State != StateStopping {
			t.Error("it returned before the worker had gone")
		}
		st.actor(2).die(proc.Exit{PID: 102})
		synctest.Wait()
		if err := <-ended; err != nil || st.Summary().State != StateStopped {
			t.Error(err, st.Summary())
		}
		time.Sleep(time.Minute)
		st.want("died 2 (expected true)", "2: closed")
		st.Resume()
		st.boot()
		if st.WorkerOf(c) != 103 {
			t.Error("the call that has waited does not run")
		}
	})
}

// What ended last comes first, and no more than is kept of it.
func TestNewest(t *testing.T) {
	var l last[int]
	for n := range 3*kept + 7 {
		*l.next() = n
		all := l.newest()
		if len(all) != min(n+1, kept) || all[0] != n || all[len(all)-1] != max(n+1-kept, 0) {
			t.Fatalf("after %d: %d of them, from %d to %d", n, len(all), all[0], all[len(all)-1])
		}
	}
}

// What is told of a call: while it waits, while it runs, and after its end.
func TestCallInfo(t *testing.T) {
	onStage(t, Config{Min: 1, Retry: 1, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
		began := time.Now()
		at := func(when time.Time) time.Duration {
			if when.IsZero() {
				return -1
			}
			return when.Sub(began)
		}
		tells := func(c *Call, want CallInfo, queued, started, ended time.Duration) {
			t.Helper()
			i := st.Info(c)
			if at(i.Queued) != queued || at(i.Started) != started || at(i.Ended) != ended {
				t.Errorf("queued %v, started %v, ended %v", i.Queued.Sub(began), at(i.Started), at(i.Ended))
			}
			i.Queued, i.Started, i.Ended = time.Time{}, time.Time{}, time.Time{}
			if i != want {
				t.Errorf("%+v, not %+v", i, want)
			}
		}
		const s = time.Second
		a, b := NewCall(), NewCall()
		a.Func, a.Payload, b.Func = waiting, make([]byte, 7), returning
		st.Submit(a)
		time.Sleep(s)
		st.Submit(b)
		synctest.Wait()
		tells(a, CallInfo{Number: 1, Func: "waiting", Running: true, PID: 101, Worker: 1, Run: s, Arg: 7}, 0, 0, -1)
		tells(b, CallInfo{Number: 2, Func: "returning"}, s, -1, -1)
		time.Sleep(s)
		st.actor(1).answers(0, wire.OK, []byte("abc"))
		tells(a, CallInfo{Number: 1, Func: "waiting", Kind: OK, PID: 101, Run: 2 * s, Arg: 7, Result: 3}, 0, 0, 2*s)
		tells(b, CallInfo{Number: 2, Func: "returning", Running: true, PID: 101, Worker: 1, Wait: s}, s, 2*s, -1)
		st.actor(1).request(1)
		st.actor(1).die(proc.Exit{PID: 101})
		synctest.Wait()
		tells(b, CallInfo{Number: 2, Func: "returning", PID: 101, Tries: 1, Wait: s}, s, 2*s, -1)
		time.Sleep(s)
		st.boot()
		st.actor(2).answers(0, wire.Error, wire.AppendFault(nil, wire.Fault{Message: "no"}))
		tells(b, CallInfo{Number: 2, Func: "returning", Kind: Failed, PID: 102, Tries: 1, Wait: 2 * s}, s, 3*s, 3*s)
		calls, gone := st.Recent()
		if len(calls) != 2 || calls[0].Number != 2 || calls[1].Number != 1 || len(gone) != 1 {
			t.Errorf("%+v %+v", calls, gone)
		}
	})
}

// Each end is counted as what it is.
func TestCountsOfEnds(t *testing.T) {
	var n Counts
	for kind := OK; kind <= Stopped; kind++ {
		n.count(kind)
	}
	if want := (Counts{OK: 1, Failed: 1, Panicked: 1, Refused: 1, Timeout: 1, Canceled: 1, Crashed: 4, Dropped: 4}); n != want {
		t.Errorf("%+v", n)
	}
	var f funcStats
	for i, kind := range []Kind{OK, OK, Failed} {
		f.count(&Call{Outcome: Outcome{Kind: kind, Elapsed: time.Duration(i+1) * time.Second}}, false)
	}
	if calls, errors := f.calls(); calls != 3 || errors != 1 || f.duration.times().Mean != 2*time.Second {
		t.Errorf("%+v", f)
	}
}

// An end is told in one line, with what says most.
func TestDeathInWords(t *testing.T) {
	for want, d := range map[string]*Death{
		"it could not be started: x":                                          {Exit: proc.Exit{Code: -1, Stack: "it could not be started: x"}},
		"pid 0 exited with code 0":                                            {},
		"pid 7 exited with code 3":                                            {Exit: proc.Exit{PID: 7, Code: 3}},
		"pid 7 was killed (deadline)":                                         {Exit: proc.Exit{PID: 7, KilledBy: "deadline", Signal: 9, OutOfMemory: true}},
		"pid 7 ran out of memory":                                             {Exit: proc.Exit{PID: 7, OutOfMemory: true, Signal: 9}},
		"pid 7 was ended by signal 9 (killed)":                                {Exit: proc.Exit{PID: 7, Signal: 9}},
		"pid 7 exited with code 1: second":                                    {Exit: proc.Exit{PID: 7, Code: 1, Stderr: []string{"first", " second ", " "}}},
		"pid 7 exited with code 1: stack":                                     {Exit: proc.Exit{PID: 7, Code: 1, Stderr: []string{"first"}, Stack: "\n  \n stack \nmore"}},
		"pid 7 exited with code 1 (it had used 91 MiB, its limit is 100 MiB)": {Exit: proc.Exit{PID: 7, Code: 1, Usage: proc.Usage{MaxRSS: 91 << 20}}, Limit: 100 << 20},
		"pid 8 exited with code 1":                                            {Exit: proc.Exit{PID: 8, Code: 1, Usage: proc.Usage{MaxRSS: 90 << 20}}, Limit: 100 << 20},
		"pid 8 ran out of memory: x":                                          {Exit: proc.Exit{PID: 8, OutOfMemory: true, Stack: "x", Usage: proc.Usage{MaxRSS: 99 << 20}}, Limit: 100 << 20},
		"pid 7 exited with code 1: first":                                     {Exit: proc.Exit{PID: 7, Code: 1, Stderr: []string{"first", ""}}},
		"pid 8 was killed (deadline): SIGABRT: abort": {Exit: proc.Exit{PID: 8, KilledBy: "deadline",
			Stack: "SIGABRT: abort\nPC=0x1 m=0 sigcode=0\n\ngoroutine 7 [sleep]:\nmain.idle(0x3)\n\t/app/work.go:31 +0x45"}},
		"pid 8 was killed (deadline): it was in main.work (work.go:31)": {Exit: proc.Exit{PID: 8, KilledBy: "deadline",
			Stack: "SIGABRT: abort\nPC=0x1 m=0 sigcode=0\n\ngoroutine 7 [sleep]:\nmain.work(0x3)\n\t/app/work.go:31 +0x45\ngithub.com/legion-go/legion/internal/worker.(*server).iteration(0x1)\n\t/l/loop.go:2 +0x1"}},
		"pid 8 exited with code 2: panic: boom, in main.work (work.go:31)": {Exit: proc.Exit{PID: 8, Code: 2,
			Stack: "panic: boom\n\ngoroutine 7 [running]:\nmain.work(0x3)\n\t/app/work.go:31 +0x45"}},
		"pid 9 exited with code 1" + mainHint:        {Exit: proc.Exit{PID: 9, Code: 1}, Mute: true},
		"pid 9 was killed (start timeout)":           {Exit: proc.Exit{PID: 9, KilledBy: "start timeout"}, Mute: true},
		"pid 9 was killed (boot timeout)" + mainHint: {Exit: proc.Exit{PID: 9, KilledBy: string(CauseBootTimeout)}, Mute: true},
	} {
		if d.String() != want {
			t.Errorf("%q, not %q", d.String(), want)
		}
	}
	long := strings.Repeat("é", mostHow/2)
	if s := brief(long); s != long {
		t.Errorf("%d bytes were cut", len(long))
	}
	if s := brief(long + "x"); s != long+"…" {
		t.Errorf("%d bytes became %d", len(long)+1, len(s))
	}
	for _, d := range []*Death{{Exit: proc.Exit{Signal: 9}, Mute: true}, {Exit: proc.Exit{Race: true}, Mute: true}, {Exit: proc.Exit{OutOfMemory: true}, Mute: true}, {Exit: proc.Exit{Code: proc.ExitRefused}, Mute: true}, {}} {
		if d.inMain() {
			t.Errorf("%+v: main was not what ended it", d)
		}
	}
}
