package pool

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/arena"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// stage is a pool in virtual time whose workers a test plays: what there is
// around the core. Its functions are those of testFuncs.
type stage struct {
	*Pool
	t *testing.T

	mu      sync.Mutex
	did     []string // what its workers were sent, what was done to them, and what the hooks were told
	actors  []*actor
	fails   func(id uint64) error   // of the launch
	curtain chan struct{}           // if not nil, launches wait for its end
	arenas  map[uint64]*arena.Arena // of its workers, if they share
	shares  int                     // bytes of the halves of their arenas; 0 = none
	result  chan error              // of Start
}

// raise ends the curtain.
func (st *stage) raise() {
	select {
	case <-st.curtain:
	default:
		close(st.curtain)
	}
}

// actor is a process and its link.
type actor struct {
	link.Conn
	st     *stage
	id     uint64
	toPool chan link.Frame
	lend   link.Lend
	gone   chan struct{} // the process has ended
	hung   chan struct{}
	end    sync.Once
	hangUp sync.Once
	exit   proc.Exit

	mu      sync.Mutex
	got     []wire.Header // requests
	started map[uint32]bool
	full    chan struct{} // if not nil, what is sent waits for its end
	deep    chan struct{} // the same, and nothing else ends it
	broken  error         // what Send returns
	memory  atomic.Uint64
	looks   atomic.Int64
	hardy   bool // signals do not end it
}

// onStage plays a pool.
func onStage(t *testing.T, cfg Config, play func(st *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, cfg)
		st.start(context.Background())
		st.boot()
		st.wantStarted(nil)
		play(st)
	})
}

func newStage(t *testing.T, cfg Config) *stage {
	st := &stage{t: t, result: make(chan error, 1), arenas: map[uint64]*arena.Arena{}}
	cfg.Name, cfg.Funcs = "stage", testFuncs
	cfg.Concurrency, cfg.Queue, cfg.Max = max(cfg.Concurrency, 1), max(cfg.Queue, 10), max(cfg.Max, 1)
	if cfg.KillGrace == 0 {
		cfg.KillGrace = time.Second
	}
	var infos []wire.FuncInfo
	for _, name := range testFuncs {
		infos = append(infos, wire.FuncInfo{Name: name})
	}
	st.Pool = New(cfg, infos, st.launchActor, Hooks{
		Ready: func(id uint64, pid int, took time.Duration, _ wire.Seal) {
			st.note("ready %d pid %d after %v", id, pid, took)
		},
		Died: func(d *Death) { st.note("died %d (expected %v)", d.Worker, d.Expected) },
		Kept: func(reason string) { st.note("kept: %s", reason) },
		Failed: func(reason string) {
			reason, _, _ = strings.Cut(reason, ";")
			st.note("failed: %s", reason)
		},
		Log: func(pid int, call uint64, record []byte) { st.note("log of pid %d, call %d: %s", pid, call, record) },
		Loop: func(id uint64, pid int, state wire.LoopState, f wire.Fault) {
			st.note("loop of %d, pid %d: %d %s", id, pid, state, f.Message)
		},
		Stop: func(why string) { st.note("stop: %s", why) },
	})
	t.Cleanup(st.over)
	return st
}

func (st *stage) launchActor(id uint64) (Process, link.Conn, error) {
	if st.curtain != nil {
		<-st.curtain
	}
	if st.fails != nil {
		if err := st.fails(id); err != nil {
			return nil, nil, err
		}
	}
	a := &actor{
		st: st, id: id, toPool: make(chan link.Frame, 100), gone: make(chan struct{}), hung: make(chan struct{}),
		started: map[uint32]bool{}, exit: proc.Exit{PID: 100 + int(id)},
	}
	st.mu.Lock()
	st.actors = append(st.actors, a)
	st.mu.Unlock()
	if st.shares > 0 {
		shared, file, err := arena.New(st.shares)
		if err != nil {
			return nil, nil, err
		}
		_ = file.Close() // it knows what is in it
		st.mu.Lock()
		st.arenas[id] = shared
		st.mu.Unlock()
		return a, WithArena(a, shared), nil
	}
	return a, a, nil
}

func (st *stage) start(ctx context.Context) {
	go func() { st.result <- st.Start(ctx) }()
	synctest.Wait()
}

// wantStarted checks what Start has returned.
func (st *stage) wantStarted(want error) {
	st.t.Helper()
	synctest.Wait()
	select {
	case err := <-st.result:
		if (err == nil) != (want == nil) || err != nil && err.Error() != want.Error() {
			st.t.Fatalf("Start returned %v, not %v", err, want)
		}
	default:
		st.t.Fatal("Start does not return")
	}
}

// boot has every actor that is on the stage become ready, without a word of it.
func (st *stage) boot() {
	synctest.Wait()
	for _, a := range st.all() {
		if w := st.worker(a.id); w != nil && w.state == workerStarting {
			a.ready()
		}
	}
	st.forget()
}

// forget returns what has been done since the last time.
func (st *stage) forget() []string {
	synctest.Wait()
	st.mu.Lock()
	defer st.mu.Unlock()
	did := st.did
	st.did = nil
	return did
}

// all are the workers that have been on the stage.
func (st *stage) all() []*actor {
	st.mu.Lock()
	defer st.mu.Unlock()
	return slices.Clone(st.actors)
}

func (st *stage) actor(id uint64) *actor {
	for _, a := range st.all() {
		if a.id == id {
			return a
		}
	}
	st.t.Fatalf("there is no worker %d", id)
	panic("unreachable")
}

func (st *stage) worker(id uint64) *worker {
	st.Pool.mu.Lock()
	defer st.Pool.mu.Unlock()
	for _, w := range st.core.workers {
		if w.id == id {
			return w
		}
	}
	return nil
}

// over ends the pool, and what still plays.
func (st *stage) over() {
	if st.curtain != nil {
		st.raise()
	}
	for range 2 { // those that come last, too
		for _, a := range st.all() {
			a.die(proc.Exit{PID: a.PID()})
		}
		st.Stop(0)
	}
	synctest.Wait()
}

func (st *stage) note(format string, args ...any) {
	st.mu.Lock()
	st.did = append(st.did, strings.TrimSpace(fmt.Sprintf(format, args...)))
	st.mu.Unlock()
}

// want checks what has been done since the last time.
func (st *stage) want(lines ...string) {
	st.t.Helper()
	if did := st.forget(); !slices.Equal(did, lines) {
		st.t.Fatalf("it did:\n\t%s\nnot:\n\t%s", strings.Join(did, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// wantInAnyOrder is want for what several goroutines do.
func (st *stage) wantInAnyOrder(lines ...string) {
	st.t.Helper()
	if did := st.forget(); !slices.Equal(slices.Sorted(slices.Values(did)), slices.Sorted(slices.Values(lines))) {
		st.t.Fatalf("it did:\n\t%s\nnot:\n\t%s", strings.Join(did, "\n\t"), strings.Join(lines, "\n\t"))
	}
}

// give makes a call of so many bytes.
func (st *stage) give(size int) *Call {
	c := NewCall()
	c.Payload = make([]byte, size)
	st.Submit(c)
	synctest.Wait()
	return c
}

func (st *stage) wantEnd(c *Call, kind Kind) {
	st.t.Helper()
	synctest.Wait()
	if !c.Done() || c.Kind != kind {
		st.t.Fatalf("the call is done: %v, as %v, not %v", c.Done(), c.Kind, kind)
	}
}

// says has a worker send a frame.
func (a *actor) says(h wire.Header, payload []byte) {
	a.toPool <- link.Frame{Header: h, Payload: payload}
	synctest.Wait()
}

func (a *actor) ready() { a.readySealed(wire.Seal{}) }

func (a *actor) readySealed(seal wire.Seal) {
	var infos []wire.FuncInfo
	for _, name := range testFuncs {
		infos = append(infos, wire.FuncInfo{Name: name})
	}
	a.says(wire.Header{Kind: wire.Ready}, wire.AppendHello(nil, wire.Hello{Version: wire.Version, Funcs: infos, Seal: seal}))
}

// answers answers the n-th request that it got.
func (a *actor) answers(n int, s wire.Status, payload []byte) {
	a.says(wire.Header{Kind: wire.Response, Code: uint16(s), Call: a.request(n).Call}, payload)
}

func (a *actor) request(n int) wire.Header {
	a.mu.Lock()
	defer a.mu.Unlock()
	if n >= len(a.got) {
		a.st.t.Fatalf("worker %d got %d requests", a.id, len(a.got))
	}
	a.started[a.got[n].Call] = true
	return a.got[n]
}

// die ends the process.
func (a *actor) die(e proc.Exit) { a.end.Do(func() { a.exit = e; close(a.gone) }) }

// What follows is a process.

func (a *actor) PID() int              { return 100 + int(a.id) }
func (a *actor) Done() <-chan struct{} { return a.gone }
func (a *actor) Exit() proc.Exit       { return a.exit }

func (a *actor) CPU() (time.Duration, error) { return time.Duration(a.id) * time.Second, nil }

func (a *actor) Quit() error { return a.signal("quit", "") }

func (a *actor) Kill(by string) error { return a.signal("kill "+by, by) }

func (a *actor) signal(what, by string) error {
	a.st.note("%d: %s", a.id, what)
	if !a.hardy {
		a.die(proc.Exit{PID: a.PID(), KilledBy: by})
	}
	return nil
}

func (a *actor) Memory() (uint64, error) {
	a.looks.Add(1)
	if n := a.memory.Load(); n > 0 {
		return n, nil
	}
	return 0, io.EOF
}

// looked is how often its memory was looked at.
func (a *actor) looked() int { return int(a.looks.Load()) }

// What follows is a link.

func (a *actor) Send(h wire.Header, payload []byte) error {
	a.mu.Lock()
	full, deep, err := a.full, a.deep, a.broken
	a.mu.Unlock()
	if deep != nil {
		<-deep
	}
	if full != nil {
		select {
		case <-full:
		case <-a.hung:
			return link.ErrClosed
		}
	}
	if err != nil {
		return err
	}
	switch h.Kind {
	case wire.Request:
		a.st.note("%d: Request %s of %d bytes", a.id, testFuncs[h.Code], len(payload))
		a.mu.Lock()
		a.got = append(a.got, h)
		a.mu.Unlock()
	case wire.Cancel:
		a.st.note("%d: Cancel %v", a.id, wire.Cause(h.Code))
	case wire.Credit:
		a.st.note("%d: Credit %x", a.id, payload)
	default:
		a.st.note("%d: %v", a.id, h.Kind)
	}
	return nil
}

func (a *actor) Serve(h link.Handler, lend link.Lend) error {
	a.lend = lend
	for {
		select {
		case f := <-a.toPool:
			if err := h(f); err != nil {
				return err
			}
			continue
		default:
		}
		select {
		case f := <-a.toPool:
			if err := h(f); err != nil {
				return err
			}
		case <-a.hung:
			if len(a.toPool) == 0 {
				return io.EOF
			}
		}
	}
}

func (a *actor) Revoke(id uint32) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.started[id]
}

func (a *actor) Hangup() { a.hangUp.Do(func() { close(a.hung) }) }

func (a *actor) Meters(func([]byte)) bool { return false }

func (a *actor) Poll(int, func() bool) { a.st.note("%d: polled", a.id) }

func (a *actor) Close() error {
	a.Hangup()
	a.st.note("%d: closed", a.id)
	return nil
}
