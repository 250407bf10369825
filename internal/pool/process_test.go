package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
	workers "github.com/legion-go/legion/internal/worker"
)

// guard is how long a test waits for what should happen at once.
const guard = 20 * time.Second

// The test binary plays the workers too; Role.Pool is how.
func TestMain(m *testing.M) {
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=0") // with -race, each exit of a worker would take a second
	}
	self := proc.Self()
	if self == nil {
		os.Exit(m.Run())
	}
	busy := new(atomic.Int32)
	conn, err := link.Open(link.Transport(self.Purpose.Transport), self.Files, link.Options{MaxPayload: self.Purpose.MaxPayload, Busy: busy})
	if err == nil {
		err = serveTests(conn, busy, self.Purpose.Pool)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// The functions of the tests' workers, by index. Each says with a log record
// that it runs.
const (
	spinning  = iota // computes until its context ends, without a call that the runtime could use to interrupt it
	waiting          // waits until its context ends
	returning        // returns at once
)

var testFuncs = []string{"spinning", "waiting", "returning"}

var idle = make(chan struct{})

func linger() { <-idle }

// serveTests is a worker.
func serveTests(conn link.Conn, busy *atomic.Int32, how string) error {
	if says, ok := rudeness[how]; ok {
		return rude(conn, says)
	}
	says := func(what string) { _ = conn.Send(wire.Header{Kind: wire.Log}, []byte(what)) }
	switch how {
	case "slow":
		says("starts")
		time.Sleep(time.Hour)
	case "deaf":
		return deaf(conn)
	case "last words":
		return lastWords(conn)
	case "crowded":
		for range 4000 {
			go linger()
		}
	}
	return workers.Serve(conn, workers.Config{
		Funcs: []workers.Func{
			{Name: testFuncs[spinning], Call: func(ctx context.Context, _ any, _ []byte, _ *[]byte) ([]byte, error) {
				var over atomic.Bool
				context.AfterFunc(ctx, func() { over.Store(true) })
				spin(&over, says)
				return nil, ctx.Err()
			}},
			{Name: testFuncs[waiting], Call: func(ctx context.Context, _ any, _ []byte, _ *[]byte) ([]byte, error) {
				waitFor(ctx, says)
				return nil, ctx.Err()
			}},
			{Name: testFuncs[returning], Call: func(context.Context, any, []byte, *[]byte) ([]byte, error) { return nil, nil }},
		},
		Concurrency: 2, Busy: busy, Context: context.Background(),
		Fault: func(err error) wire.Fault { return wire.Fault{Message: err.Error()} },
	})
}

//go:noinline
func spin(over *atomic.Bool, says func(string)) {
	says("spins")
	for !over.Load() {
	}
}

//go:noinline
func waitFor(ctx context.Context, says func(string)) {
	says("waits")
	<-ctx.Done()
}

// testPool is a pool of such workers.
type testPool struct {
	*Pool
	t     *testing.T
	says  chan string  // what workers say
	loops atomic.Int32 // news of loops
}

// launchProcesses starts workers as processes.
func launchProcesses(how string, tr link.Transport, maxPayload int64) Launcher {
	return func(id uint64) (Process, link.Conn, error) {
		conn, files, err := link.New(tr, link.Options{MaxPayload: maxPayload})
		if err != nil {
			return nil, nil, err
		}
		p, err := proc.Start(proc.Spec{Purpose: proc.Purpose{Pool: how, Worker: id, Transport: uint8(tr), MaxPayload: maxPayload}, Files: files})
		for _, f := range files {
			f.Close()
		}
		if err != nil {
			conn.Close()
			return nil, nil, err
		}
		return p, conn, nil
	}
}

// launchGoroutines starts workers as goroutines.
func launchGoroutines(how string, tr link.Transport, maxPayload int64) Launcher {
	return func(uint64) (Process, link.Conn, error) {
		conn, files, err := link.New(tr, link.Options{MaxPayload: maxPayload})
		if err != nil {
			return nil, nil, err
		}
		busy := new(atomic.Int32)
		theirs, err := link.Open(tr, files, link.Options{MaxPayload: maxPayload, Busy: busy})
		if err != nil {
			conn.Close()
			return nil, nil, err
		}
		p := &pretended{done: make(chan struct{})}
		p.kill = func() { theirs.Close() }
		go func() {
			defer close(p.done)
			_ = serveTests(theirs, busy, how)
		}()
		return p, conn, nil
	}
}

// start starts a pool, and stops it at the end of the test.
func start(t *testing.T, cfg Config, launch Launcher) *testPool {
	t.Helper()
	if cfg.Name == "" {
		cfg.Name = "images"
	}
	if cfg.Concurrency == 0 {
		cfg.Concurrency = 1
	}
	cfg.Queue, cfg.KillGrace, cfg.MaxRestarts = max(cfg.Queue, 1), 50*time.Millisecond, 1
	cfg.RestartWindow, cfg.Funcs = time.Hour, testFuncs
	var infos []wire.FuncInfo
	for _, name := range testFuncs {
		infos = append(infos, wire.FuncInfo{Name: name})
	}
	p := &testPool{t: t, says: make(chan string, 100)}
	p.Pool = New(cfg, infos, launch, Hooks{Log: func(_ int, _ uint64, record []byte) {
		if len(record) > 0 {
			p.says <- string(record)
		}
	}, Loop: func(uint64, int, wire.LoopState, wire.Fault) { p.loops.Add(1) }})
	t.Cleanup(func() { p.Stop(0) })
	started := make(chan error, 1)
	go func() { started <- p.Start(context.Background()) }()
	if err := await(t, started); err != nil {
		t.Fatal(err)
	}
	return p
}

// call makes a call and returns when the worker says what it is to say, if
// anything.
func (p *testPool) call(fn int, says string) *Call {
	p.t.Helper()
	c := NewCall()
	c.Func = fn
	p.Submit(c)
	if says != "" {
		if got := await(p.t, p.says); got != says {
			p.t.Fatalf("a worker says %q, not %q", got, says)
		}
	}
	return c
}

// pids are those of the workers.
func (p *testPool) pids() (pids []int) {
	for _, w := range p.Stats().Workers {
		pids = append(pids, w.PID)
	}
	return pids
}

func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(guard):
		buf := make([]byte, 1<<20)
		t.Fatalf("nothing after %v\n%s", guard, buf[:runtime.Stack(buf, true)])
		panic("unreachable")
	}
}

// each runs a test over every transport of this system.
func each(t *testing.T, f func(t *testing.T, tr link.Transport)) {
	transports := []link.Transport{link.Socket}
	if link.Default() != link.Socket {
		transports = append(transports, link.Default())
	}
	for _, tr := range transports {
		t.Run(tr.String(), func(t *testing.T) { f(t, tr) })
	}
}

// pretended stands in for a missing process.
type pretended struct {
	kill func()
	done chan struct{}
}

func (p *pretended) PID() int                { return os.Getpid() }
func (p *pretended) Quit() error             { p.kill(); return nil }
func (p *pretended) Kill(string) error       { p.kill(); return nil }
func (p *pretended) Done() <-chan struct{}   { return p.done }
func (p *pretended) Exit() proc.Exit         { return proc.Exit{PID: os.Getpid()} }
func (p *pretended) Memory() (uint64, error) { return 0, errors.ErrUnsupported }
