package pool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// A worker shows its stacks while its functions compute, and while nothing else
// gets through to it.
func TestStackOfABusyWorker(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		p := start(t, Config{Min: 1, Max: 1, Concurrency: 2}, launchProcesses("", tr, 0))
		p.call(spinning, "spins")
		p.call(waiting, "waits")
		shows := func(when string) {
			t.Helper()
			s, err := p.Stack(t.Context(), p.pids()[0])
			if err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			if !strings.HasPrefix(s, "goroutine ") || !strings.Contains(s, "internal/pool.spin(") || !strings.Contains(s, "internal/pool.waitFor(") {
				t.Errorf("%s: the functions that run are not to be seen in\n%s", when, s)
			}
			for _, own := range []string{"worker.Serve(", "runtime.Stack(", "runtime.bgsweep(", "tellStacks"} {
				if strings.Contains(s, own) {
					t.Errorf("%s: %s is of no interest in\n%s", when, own, s)
				}
			}
		}
		shows("while functions run")
		queued := p.call(returning, "")
		refused := p.call(returning, "")
		if !refused.Done() || refused.Kind != QueueFull || queued.Done() {
			t.Fatalf("the queue is not full: %v, %v", refused.Kind, queued.Kind)
		}
		shows("while the queue is full")
		p.Pause()
		shows("during a pause")
		if s := p.Stats(); s.Corrupt != 0 || s.Deaths != 0 || s.Workers[0].Load != 2 {
			t.Errorf("the worker was disturbed: %+v", s)
		}
	})
}

func TestStackIsBounded(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		for _, limit := range []int{100, 1000, wire.MaxPayload} {
			p := start(t, Config{Min: 1, Max: 1}, launchProcesses("crowded", tr, int64(limit)))
			p.call(spinning, "spins")
			s, err := p.Stack(t.Context(), p.pids()[0])
			if err != nil {
				t.Fatal(err)
			}
			if max := min(limit, wire.MaxStack); len(s) > max || len(s) < max/4 {
				t.Errorf("limit %d: %d bytes", limit, len(s))
			}
			if !strings.HasSuffix(s, "\n… (cut)") {
				t.Errorf("limit %d: the end does not say that it is cut: %.2000s", limit, s)
			}
			if limit == wire.MaxPayload {
				if first, _, _ := strings.Cut(s, "\n\n"); !strings.Contains(first, "internal/pool.spin(") {
					t.Errorf("the function that runs does not come first:\n%.2000s", s)
				}
			}
			p.Stop(0)
		}
	})
}

func TestStackOfManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		p := start(t, Config{Min: 2, Max: 2}, launchProcesses("", tr, 0))
		p.call(spinning, "spins")
		pids := p.pids()
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				if _, err := p.Stack(t.Context(), pids[i%2]); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if s := p.Stats(); s.Corrupt != 0 || s.Deaths != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestStackOfNoWorker(t *testing.T) {
	p := start(t, Config{Min: 2, Max: 2}, launchProcesses("", link.Default(), 0))
	pids := p.pids()
	_, err := p.Stack(t.Context(), 1)
	if want := fmt.Sprintf("pool images has no worker with pid 1: it has %d, %d", pids[0], pids[1]); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if kill := p.Kill(1); kill == nil || kill.Error() != err.Error() {
		t.Errorf("of Kill: %v", kill)
	}
	p.Stop(0)
	if _, err = p.Stack(t.Context(), pids[0]); err == nil || !strings.HasSuffix(err.Error(), "it has none at the moment") {
		t.Error(err)
	}
}

func TestStackOfAWorkerThatStarts(t *testing.T) {
	p := start(t, Config{Max: 1, Spawn: Lazy, BootTimeout: time.Hour}, launchProcesses("slow", link.Default(), 0))
	p.call(returning, "starts")
	_, err := p.Stack(t.Context(), p.pids()[0])
	if err == nil || !strings.Contains(err.Error(), "is still starting") || !strings.Contains(err.Error(), "1h0m0s") {
		t.Error(err)
	}
}

// Only workers that can answer are asked; of the others it is said why not.
func TestStackOfAWorkerInEachState(t *testing.T) {
	p := New(Config{Name: "images"}, nil, nil, Hooks{})
	for state, want := range map[workerState]string{
		workerStarting: "worker 7 of pool images is still starting",
		workerReady:    "",
		workerLeaving:  "",
		workerDying:    "worker 7 of pool images is being ended (deadline): the report",
		workerKilled:   "worker 7 of pool images is being killed (deadline)",
		workerStuck:    "worker 7 of pool images was killed (deadline) and is stuck",
	} {
		w := &worker{pid: 7, state: state, killedBy: "deadline", member: &member{}}
		p.core.workers = []*worker{{pid: 6, state: workerReady}, w}
		m, err := p.answering(7)
		if want == "" && (m != w.member || err != nil) || want != "" && (m != nil || err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v: %v", state, err)
		}
	}
	ready := &worker{pid: 7, state: workerReady, member: &member{}} // goroutines have the same pid
	p.core.workers = []*worker{{pid: 7, state: workerStarting}, ready}
	if m, err := p.answering(7); m != ready.member || err != nil {
		t.Error(err)
	}
	p.core.workers = []*worker{{pid: 7, state: workerStarting}, {pid: 7, state: workerLeaving, member: &member{}}}
	if m, err := p.answering(7); m != nil || err == nil || strings.Contains(err.Error(), "takes longer") {
		t.Error(err)
	}
	left := &worker{pid: 7, state: workerLeaving, member: &member{}}
	p.core.workers = []*worker{left, ready}
	if m, err := p.answering(7); m != left.member || err != nil {
		t.Error(err)
	}
}

// What can be said of a worker that does nothing is where it waits.
func TestStackOfAnIdleWorker(t *testing.T) {
	p := start(t, Config{Min: 1, Max: 1}, launchProcesses("", link.Default(), 0))
	s, err := p.Stack(t.Context(), p.pids()[0])
	if err != nil || !strings.HasPrefix(s, "goroutine 1 ") || !strings.Contains(s, "internal/worker.Serve(") || !strings.Contains(s, "main.main(") {
		t.Errorf("%v\n%s", err, s)
	}
}

// Where workers are goroutines, the process that shows its stacks is this one.
func TestStackInProcess(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		p := start(t, Config{Min: 2, Max: 2}, launchGoroutines("", tr, 0))
		p.call(waiting, "waits")
		s, err := p.Stack(t.Context(), os.Getpid())
		if err != nil || !strings.Contains(s, "pool.waitFor(") || !strings.Contains(s, "pool.TestStackInProcess.func1(") {
			t.Errorf("%v\n%s", err, s)
		}
		for _, w := range p.Stats().Workers {
			if w.CPU != 0 {
				t.Errorf("a goroutine has taken %v of processor time", w.CPU)
			}
		}
	})
}

// scripted is a link to a worker that a test plays.
type scripted struct {
	link.Conn
	toDaemon chan link.Frame
	sent     chan wire.Kind
	over     chan struct{}
	once     sync.Once
}

func (s *scripted) Send(h wire.Header, _ []byte) error { s.sent <- h.Kind; return nil }
func (s *scripted) Revoke(uint32) bool                 { return true }
func (s *scripted) Meters(func([]byte)) bool           { return false }
func (s *scripted) Hangup()                            { s.once.Do(func() { close(s.over) }) }
func (s *scripted) Close() error                       { s.Hangup(); return nil }

func (s *scripted) Serve(h link.Handler, _ link.Lend) error {
	for {
		select {
		case f := <-s.toDaemon:
			if err := h(f); err != nil {
				return err
			}
		case <-s.over:
			return nil
		}
	}
}

func (s *scripted) frame(k wire.Kind, payload []byte) {
	s.toDaemon <- link.Frame{Header: wire.Header{Kind: k}, Payload: payload}
}

// script runs a test in virtual time with a pool of one worker, which it plays.
func script(t *testing.T, f func(t *testing.T, p *testPool, s *scripted)) {
	synctest.Test(t, func(t *testing.T) {
		var infos []wire.FuncInfo
		for _, name := range testFuncs {
			infos = append(infos, wire.FuncInfo{Name: name})
		}
		s := &scripted{toDaemon: make(chan link.Frame, 1), sent: make(chan wire.Kind, 100), over: make(chan struct{})}
		s.frame(wire.Ready, wire.AppendHello(nil, wire.Hello{Version: wire.Version, Funcs: infos}))
		p := start(t, Config{Min: 1, Max: 1}, func(uint64) (Process, link.Conn, error) {
			gone := &pretended{done: make(chan struct{})}
			gone.kill = sync.OnceFunc(func() { close(gone.done) })
			return gone, s, nil
		})
		f(t, p, s)
		p.Stop(0)
	})
}

// A worker that does not answer is not waited for long, and is not asked again
// before it has answered.
func TestStackThatDoesNotCome(t *testing.T) {
	script(t, func(t *testing.T, p *testPool, s *scripted) {
		for range 3 {
			began := time.Now()
			_, err := p.Stack(t.Context(), os.Getpid())
			if took := time.Since(began); took != stackPatience || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "it may be stopped") {
				t.Errorf("after %v: %v", took, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Stack(ctx, os.Getpid()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if len(s.sent) != 1 || <-s.sent != wire.Stacks {
			t.Errorf("it was asked %d times more", len(s.sent))
		}
		s.frame(wire.Stack, []byte("late")) // no caller waits, but it was asked for
		synctest.Wait()
		go func() {
			if k := <-s.sent; k != wire.Stacks {
				t.Errorf("%v was sent", k)
			}
			s.frame(wire.Stack, []byte("new"))
		}()
		if text, err := p.Stack(t.Context(), os.Getpid()); text != "new" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
		if n := p.Stats().Corrupt; n != 0 {
			t.Errorf("%d violations", n)
		}
	})
}

func TestStackOfAWorkerThatDiesMeanwhile(t *testing.T) {
	script(t, func(t *testing.T, p *testPool, s *scripted) {
		go func() {
			<-s.sent
			_ = p.Kill(os.Getpid())
		}()
		if _, err := p.Stack(t.Context(), os.Getpid()); err == nil || !strings.Contains(err.Error(), "has ended before") {
			t.Error(err)
		}
	})
}

// A worker that sends stacks without a request, or what cannot be any,
// is ended.
func TestStackThatBreaksTheProtocol(t *testing.T) {
	for name, c := range map[string]struct {
		ask     bool
		payload []byte
	}{
		"unasked":   {false, []byte("goroutine 1 [running]:")},
		"too large": {true, make([]byte, wire.MaxStack+1)},
		"not UTF-8": {true, []byte{0xff}},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, p *testPool, s *scripted) {
				asked := make(chan struct{})
				go func() {
					defer close(asked)
					if c.ask {
						if text, err := p.Stack(t.Context(), os.Getpid()); err == nil {
							t.Errorf("it was taken: %.20q", text)
						}
					}
				}()
				if c.ask {
					<-s.sent
				}
				s.frame(wire.Stack, c.payload)
				<-asked
				synctest.Wait()
				if st := p.Stats(); st.Corrupt != 1 || !strings.Contains(st.LastDeath, "protocol violation") {
					t.Errorf("%d violations, %q", st.Corrupt, st.LastDeath)
				}
			})
		})
	}
}
