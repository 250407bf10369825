package methods

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/follow"
	"github.com/legion-go/legion/internal/history"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/status"
)

var errUnlucky = errors.New("unlucky")

// fake is a daemon that notes what the methods want of it.
type fake struct {
	mu    sync.Mutex
	did   []string
	pools []*fakePool
	crons []Scheduled
	fails error
	reads int // of memory and processor times
	level slog.Level
	stats status.Stats

	functions []Function
	lives     []context.Context // of the runs of the task endless
	tasks     taskruns.Runs
	events    follow.Feed[status.Event]
	plugins   plugins.Set
	settings  any
	log       *logs.Log // nil: no test asks for it
	deaths    deaths.Registry
	history   history.History
}

func (f *fake) does(what string, args ...any) error {
	f.did = append(f.did, strings.TrimSuffix(fmt.Sprintln(append([]any{what}, args...)...), "\n"))
	return f.fails
}

func (f *fake) Clients() []control.Client {
	return []control.Client{{ID: 7, Name: "uid 1", Role: rpc.Read}}
}
func (f *fake) Hello() status.Hello   { return status.Hello{Name: "fake"} }
func (f *fake) Status() status.Daemon { return status.Daemon{Name: "fake", Workers: 3} }
func (f *fake) Stats() status.Stats   { return f.stats }

func (f *fake) Figures() status.Stats {
	f.reads++
	s := status.Stats{PID: 100, State: "running"}
	for _, p := range f.pools {
		s.Pools = append(s.Pools, p.stats)
	}
	return s
}

func (f *fake) Certificates() *deaths.Registry { return &f.deaths }
func (f *fake) History() *history.History      { return &f.history }

func (f *fake) Glance() []status.PoolStats {
	defer func(n int) { f.reads = n }(f.reads)
	return f.Figures().Pools
}

func (f *fake) Pools() (all []Pool) {
	for _, p := range f.pools {
		all = append(all, p)
	}
	return all
}

func (f *fake) Pool(name string) (Pool, error) {
	for _, p := range f.pools {
		if p.Name() == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("legion: there is no pool %q", name)
}

func (f *fake) Machine(p Pool) (Machine, error) { return p.(*fakePool), nil }

func (f *fake) Stop(why string) error            { return f.does("stop,", why) }
func (f *fake) Restart(who string) error         { return f.does("restart for", who) }
func (f *fake) Reload() error                    { return f.does("reload") }
func (f *fake) Upgrade() (status.Upgrade, error) { return status.Upgrade{PID: 7}, f.does("upgrade") }
func (f *fake) Signal(s syscall.Signal) error    { return f.does("signal", int(s)) }
func (f *fake) SetLogLevel(l slog.Level)         { f.level = l }
func (f *fake) LogLevel() slog.Level             { return f.level }
func (f *fake) Schedule() []Scheduled            { return slices.Clone(f.crons) }

func (f *fake) Functions() []Function              { return f.functions }
func (f *fake) Tasks() *taskruns.Runs              { return &f.tasks }
func (f *fake) Live() context.Context              { return context.Background() }
func (f *fake) Log() *logs.Log                     { return f.log }
func (f *fake) Events() *follow.Feed[status.Event] { return &f.events }
func (f *fake) EventTypes() []status.EventType {
	return []status.EventType{{Type: "Started", Count: 1}}
}
func (f *fake) Plugins() *plugins.Set { return &f.plugins }
func (f *fake) Settings() any         { return f.settings }

func (f *fake) OnLoop(_ context.Context, fn func() error) error {
	if err := f.does("on the loop:"); err != nil {
		return err
	}
	return fn()
}

// fakePool is a pool of a fake.
type fakePool struct {
	f     *fake
	stats status.PoolStats
	fails error // of what is done to the pool

	running, waiting, slowest []pool.CallInfo

	sends []byte // of a capture; nil: the kind
	gone  int    // the pid of a worker that ends meanwhile; 0: one that is just being started
}

func (p *fakePool) does(what string, args ...any) error {
	_ = p.f.does(what, append([]any{p.stats.Name}, args...)...)
	return p.fails
}

func (p *fakePool) worker(what string, pid int) error {
	if err := p.does(what, pid); pid != p.gone {
		return err
	}
	return errUnlucky
}

func (p *fakePool) Name() string            { return p.stats.Name }
func (p *fakePool) Stats() status.PoolStats { return p.stats }
func (p *fakePool) Recent() status.Recent {
	return status.Recent{Calls: []status.CallInfo{}, Workers: []status.WorkerEnd{}}
}
func (p *fakePool) Pause() error                         { return p.does("pause") }
func (p *fakePool) Resume() error                        { return p.does("resume") }
func (p *fakePool) Readmit(funcs ...string) error        { return p.does("readmit", funcs) }
func (p *fakePool) Stop(context.Context) error           { return p.does("stop") }
func (p *fakePool) Recycle() error                       { return p.does("recycle") }
func (p *fakePool) Scale(min, max int) error             { return p.does("scale", min, max) }
func (p *fakePool) End(_ context.Context, pid int) error { return p.worker("end", pid) }
func (p *fakePool) Kill(pid int) error                   { return p.worker("kill", pid) }
func (p *fakePool) PauseWorker(pid int) error            { return p.worker("pause", pid) }
func (p *fakePool) ResumeWorker(pid int) error           { return p.worker("resume", pid) }

func (p *fakePool) Stack(_ context.Context, pid int) (string, error) {
	return "goroutine 1", p.worker("stack", pid)
}

func (p *fakePool) Capture(_ context.Context, pid int, kind string, d time.Duration, _ int) ([]byte, error) {
	b := p.sends
	if b == nil {
		b = []byte(kind)
	}
	p.f.mu.Lock() // those of a pool come at the same time
	defer p.f.mu.Unlock()
	return b, p.worker("capture "+kind+" "+d.String(), pid)
}

// of returns the methods of f.
func of(f *fake) []rpc.Method {
	all, _ := Of(f)
	return all
}

func (p *fakePool) Calls() (running, waiting []pool.CallInfo) { return p.running, p.waiting }
func (p *fakePool) Slowest() []pool.CallInfo                  { return p.slowest }

func (p *fakePool) Measure(m *pool.Measure, funcs, _ bool) {
	for range p.stats.Funcs {
		m.Names, m.All.Calls = append(m.Names[:0:0], p.stats.Funcs[0].Name), p.stats.Funcs[0].Calls
	}
	m.Queued = p.stats.Queued
}

// newFake returns a daemon with two pools of workers, one of which is empty,
// and a task that runs.
func newFake() *fake {
	f := &fake{settings: struct{}{}}
	f.plugins.Attach = func(plugins.Plugin) error { return nil }
	add := func(s status.PoolStats) { f.pools = append(f.pools, &fakePool{f: f, stats: s}) }
	add(status.PoolStats{Name: "resize", Kind: "worker", State: "running", Min: 1, Workers: []status.WorkerStats{
		{PID: 11, State: "paused", Calls: 5}, {ID: 7, PID: 12, State: "ready"}, {State: "starting"},
	}})
	add(status.PoolStats{Name: "spare", Kind: "worker", State: "running"})
	add(status.PoolStats{Name: "nightly", Kind: "task", State: "running", Workers: []status.WorkerStats{{PID: 31, State: "busy", For: 1}}})
	return f
}

// call calls a method as the control socket does, with params in JSON, and
// returns the result as JSON.
func (f *fake) call(t *testing.T, name, params string) (string, error) {
	t.Helper()
	for _, m := range of(f) {
		if m.Name != name {
			continue
		}
		in := reflect.New(m.In)
		if params != "" {
			if err := json.Unmarshal([]byte(params), in.Interface()); err != nil {
				t.Fatal(err)
			}
		}
		out, err := m.Call(t.Context(), in.Elem().Interface())
		if err != nil {
			return "", err
		}
		b, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		return string(b), nil
	}
	t.Fatalf("there is no method %s", name)
	return "", nil
}

// wrong reports whether err is one about a parameter that begins so.
func wrong(err error, begin string) bool {
	var e *rpc.Error
	return errors.As(err, &e) && e.Code == rpc.CodeParams && strings.HasPrefix(e.Message, begin)
}

func (p *fakePool) Replay(_ context.Context, fn string, arg []byte, timeout time.Duration) (*pool.Call, error) {
	return pool.NewCall(), p.f.does("replay", p.Name(), fn, string(arg), timeout)
}
