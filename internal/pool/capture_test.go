package pool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/internal/wire"
	_ "github.com/legion-go/legion/profile" // workers are this binary
)

// shows checks that a capture of a worker that spins has spin in it. On a busy
// machine the worker may hardly run during a short one: then the next one takes
// twice as long.
func (p *testPool) shows(t *testing.T, pid int, kind string, d time.Duration, tool ...string) {
	t.Helper()
	for {
		b, err := p.Capture(t.Context(), pid, kind, d, wire.MaxCapture)
		if err != nil {
			t.Fatal(err)
		}
		text := testkit.GoTool(t, b, tool...)
		if strings.Contains(text, "internal/pool.spin") {
			return
		}
		if d *= 2; d == 0 || d > 10*time.Second {
			t.Errorf("the function is not in the %s:\n%.3000s", kind, text)
			return
		}
	}
}

// A profile and a trace of a worker show the function that computes in it, and
// do not disturb it.
func TestCaptureOfABusyWorker(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		for _, limit := range []int64{100, wire.MaxPayload} { // parts are smaller than the first
			p := start(t, Config{Min: 1, Max: 1, Concurrency: 2}, launchProcesses("", tr, limit))
			p.call(spinning, "spins")
			pid := p.pids()[0]
			p.shows(t, pid, "cpu", 300*time.Millisecond, "pprof", "-top")
			p.shows(t, pid, "goroutine", 0, "pprof", "-raw")
			p.shows(t, pid, "trace", 100*time.Millisecond, "trace", "-d=parsed")
			if s := p.Stats(); s.Corrupt != 0 || s.Deaths != 0 || s.Workers[0].Load != 1 {
				t.Errorf("the worker was disturbed: %+v", s)
			}
			p.Stop(0)
		}
	})
}

// captureBeside begins a long capture, and returns when it is under way.
func (p *testPool) captureBeside(t *testing.T, ctx context.Context, pid int, kind string) <-chan error {
	t.Helper()
	failed := make(chan error, 1)
	go func() {
		_, err := p.Capture(ctx, pid, kind, wire.MaxCaptureTime, wire.MaxCapture)
		failed <- err
	}()
	m, err := p.answering(pid)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(guard); ; time.Sleep(time.Millisecond) {
		m.mu.Lock()
		under := m.capture != nil
		m.mu.Unlock()
		if under {
			return failed
		}
		if time.Now().After(end) {
			t.Fatal("it does not begin")
		}
	}
}

// There is one at a time; one that nobody waits for any more ends early, and
// then there can be another.
func TestCaptureIsOneAtATime(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		p := start(t, Config{Min: 1, Max: 1}, launchProcesses("", tr, 0))
		pid := p.pids()[0]
		ctx, cancel := context.WithCancelCause(t.Context())
		first := p.captureBeside(t, ctx, pid, "trace")
		if _, err := p.Capture(t.Context(), pid, "goroutine", 0, wire.MaxCapture); err == nil || !strings.Contains(err.Error(), "already") {
			t.Error(err)
		}
		gone := errors.New("the client has gone")
		cancel(gone)
		if err := await(t, first); !errors.Is(err, gone) {
			t.Error(err)
		}
		for end := time.Now().Add(guard); ; {
			_, err := p.Capture(t.Context(), pid, "goroutine", 0, wire.MaxCapture)
			if err == nil {
				break
			}
			if !strings.Contains(err.Error(), "already") || time.Now().After(end) {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		if _, err := p.Capture(t.Context(), pid, "goroutine", 0, 10); err == nil || !strings.Contains(err.Error(), "and 10 are allowed") {
			t.Error(err)
		}
		if _, err := p.Capture(t.Context(), pid, "nonsense", 0, wire.MaxCapture); err == nil || !strings.Contains(err.Error(), `no profile "nonsense": use allocs,`) {
			t.Error(err)
		}
		if s := p.Stats(); s.Corrupt != 0 || s.Deaths != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A worker that leaves does not wait for the end of its profile.
func TestCaptureOfAWorkerThatLeaves(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		p := start(t, Config{Min: 1, Max: 1}, launchProcesses("", tr, 0))
		pid := p.pids()[0]
		failed := p.captureBeside(t, t.Context(), pid, "cpu")
		if err := p.End(t.Context(), pid); err != nil {
			t.Fatal(err)
		}
		if err := await(t, failed); err != nil && !strings.Contains(err.Error(), "has ended before it could send") {
			t.Error(err)
		}
	})
}

// Nothing that a worker sends, or does not send, does any harm.
func TestCaptureOfAHostileWorker(t *testing.T) {
	captured := func(s *scripted, state wire.CaptureState, payload []byte) {
		s.toDaemon <- link.Frame{Header: wire.Header{Kind: wire.Captured, Code: uint16(state)}, Payload: payload}
	}
	for name, c := range map[string]struct {
		send   func(p *testPool, s *scripted)
		want   string
		breach int
	}{
		"silent":     {func(*testPool, *scripted) {}, "it may be stopped", 0},
		"unable":     {func(_ *testPool, s *scripted) { captured(s, wire.CaptureFailed, []byte("no")) }, "no", 0},
		"dead":       {func(p *testPool, _ *scripted) { _ = p.Kill(os.Getpid()) }, "has ended before", 0},
		"empty part": {func(_ *testPool, s *scripted) { captured(s, wire.CapturePart, nil) }, "has ended before", 1},
		"not UTF-8":  {func(_ *testPool, s *scripted) { captured(s, wire.CaptureFailed, []byte{0xff}) }, "has ended before", 1},
		"long":       {func(_ *testPool, s *scripted) { captured(s, wire.CaptureFailed, bytes.Repeat([]byte("a"), 2000)) }, "has ended before", 1},
		"too large": {func(_ *testPool, s *scripted) {
			captured(s, wire.CapturePart, make([]byte, wire.MaxCapture))
			captured(s, wire.CapturePart, make([]byte, 1))
		}, "has ended before", 1},
		"twice": {func(_ *testPool, s *scripted) {
			captured(s, wire.CapturePart, []byte("a"))
			captured(s, wire.CaptureEnd, nil)
			captured(s, wire.CaptureEnd, nil)
		}, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			script(t, func(t *testing.T, p *testPool, s *scripted) {
				go func() {
					if k := <-s.sent; k != wire.Capture {
						t.Errorf("%v was sent", k)
					}
					c.send(p, s)
				}()
				b, err := p.Capture(t.Context(), os.Getpid(), "trace", time.Second, wire.MaxCapture)
				if err == nil && (c.want != "" || string(b) != "a") || err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) {
					t.Errorf("%v, %.20q", err, b)
				}
				synctest.Wait()
				if st := p.Stats(); st.Corrupt != uint64(c.breach) {
					t.Errorf("%d violations: %s", st.Corrupt, st.LastDeath)
				}
			})
		})
	}
}
