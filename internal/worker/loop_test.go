package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// An iteration is due after each interval since the start, and missed ones are
// skipped. A failure causes a pause, which doubles with each failure in a row
// up to its limit and is reset at the first success. iterations lists how long
// each iteration takes, with a "!" if it fails.
func TestFailingLoopPauses(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		every      time.Duration
		iterations string
		begin      string
	}{
		{0, "1ms 0s 5ms 0s", "0s 1ms 1ms 6ms"},
		{100 * ms, "0s 100ms 30ms 0s 0s", "0s 100ms 200ms 300ms 400ms"},
		{100 * ms, "0s 0s 250ms 60ms 0s 0s", "0s 100ms 200ms 450ms 510ms 600ms"},
		{100 * ms, "200ms 0s 0s", "0s 200ms 300ms"},
		{100 * ms, "1m30ms 0s 0s", "0s 1m0.03s 1m0.1s"},
		{0, "!0s !0s !1ms 0s !0s 0s 0s", "0s 10ms 30ms 71ms 71ms 81ms 81ms"},
		{100 * ms, "!0s !0s !0s !0s !70ms !0s 0s 0s", "0s 100ms 200ms 300ms 400ms 630ms 950ms 950ms"},
		{100 * ms, "!0s !0s 0s !0s 0s 0s", "0s 100ms 200ms 300ms 400ms 500ms"},
		{0, strings.Repeat("!0s ", 14), "0s 10ms 30ms 70ms 150ms 310ms 630ms 1.27s 2.55s 5.11s 10.23s 20.23s 30.23s 40.23s"},
		{time.Minute, "!0s " + strings.Repeat("!0s ", 12), "0s 1m0s 2m0s 3m0s 4m0s 5m0s 6m0s 7m0s 8m0s 9m0s 10m0s 11m0s 12m0s"},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, iterations := time.Now(), strings.Fields(c.iterations)
			var begin []string
			d := newDesk(t)
			d.begin(Config{LoopEvery: c.every, Loop: func(context.Context) error {
				begin = append(begin, time.Since(began).String())
				if len(begin) == len(iterations) {
					return ErrEndLoop
				}
				what, fails := strings.CutPrefix(iterations[len(begin)-1], "!")
				takes, err := time.ParseDuration(what)
				if err != nil {
					panic(err)
				}
				time.Sleep(takes)
				if fails {
					return errFailed
				}
				return nil
			}})
			if err := <-d.over; err != nil {
				t.Error(err)
			}
			if got := strings.Join(begin, " "); got != c.begin {
				t.Errorf("every %v, iterations %s: they begin at\n\t%s, not\n\t%s", c.every, c.iterations, got, c.begin)
			}
			failed := strings.Count(c.iterations, "!")
			if last := iterations[len(iterations)-1]; last[0] == '!' {
				failed-- // the last one ends the loop
			}
			want := "ready\nloop runs\n" + strings.Repeat("loop error code: it failed\n", failed) + "loop ended\nclosed"
			if got := strings.Join(d.said, "\n"); got != want {
				t.Errorf("%s: the worker sent %s", c.iterations, got)
			}
			if n := d.tally.Turns.Load(); n != uint64(len(iterations)) {
				t.Errorf("%d turns were counted, not %d", n, len(iterations))
			}
		})
	}
}

// turns is a loop whose iterations a test ends.
type turns struct {
	d   *desk
	end chan error
	ctx context.Context // of the last iteration
}

var errExit = errors.New("end the goroutine")

func (l *turns) iterate(ctx context.Context) error {
	l.d.note("turn")
	l.ctx = ctx
	select {
	case err := <-l.end:
		if err == errExit {
			runtime.Goexit()
		}
		return err
	case <-ctx.Done():
		return fmt.Errorf("turn: %w", ctx.Err())
	}
}

// done ends an iteration.
func (l *turns) done(err error) {
	l.end <- err
	synctest.Wait()
}

// serveLoop starts a worker that is in the first iteration of its loop.
func serveLoop(t *testing.T, c Config) (*desk, *turns) {
	d := newDesk(t)
	l := &turns{d: d, end: make(chan error)}
	c.Loop = l.iterate
	d.begin(c)
	d.want("ready", "loop runs", "turn")
	d.wantBusy(1)
	return d, l
}

// An iteration takes the place of a call. When both wait they take turns, and
// calls keep their order.
func TestLoopAndCallsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, l := serveLoop(t, Config{})
		d.do(nth(1), "hold")
		d.do(nth(2), "echo x")
		d.do(nth(3), "hold")
		d.want()
		l.done(nil)
		d.want("1 begins")
		d.wantBusy(1)
		d.release(nth(1))
		d.want("1 OK", "turn")
		l.done(nil)
		d.want("2 OK x", "turn")
		l.done(nil)
		d.want("3 begins")
		d.release(nth(3))
		d.want("3 OK", "turn")
		l.done(nil)
		d.want("turn")
		d.wantBusy(1)
		d.hangup()
		d.want()
	})
	synctest.Test(t, func(t *testing.T) { // two places
		d, l := serveLoop(t, Config{Concurrency: 2})
		d.do(nth(1), "hold")
		d.do(nth(2), "hold")
		d.want("1 begins")
		d.wantBusy(2)
		l.done(nil)
		d.want("2 begins")
		d.wantBusy(2)
		d.release(nth(2))
		d.want("2 OK", "turn")
		l.done(nil)
		d.want("turn")
		d.release(nth(1))
		d.want("1 OK")
		d.wantBusy(1)
		d.hangup()
	})
}

// The loop ends itself, and with it the worker: by ErrEndLoop, also wrapped, or
// by ending its goroutine. Running and waiting calls finish first.
func TestLoopEnds(t *testing.T) {
	for _, end := range []error{ErrEndLoop, fmt.Errorf("nothing left: %w", ErrEndLoop), errExit} {
		synctest.Test(t, func(t *testing.T) {
			d, l := serveLoop(t, Config{})
			l.done(end)
			d.want("loop ended", "closed")
			d.wantOver(nil)
		})
		synctest.Test(t, func(t *testing.T) {
			d, l := serveLoop(t, Config{Concurrency: 2})
			d.do(nth(1), "hold")
			d.do(nth(2), "hold")
			d.do(nth(3), "echo x")
			d.want("1 begins")
			l.done(end)
			d.release(nth(1))
			d.release(nth(2))
			said := strings.Join(d.said, ", ")
			for _, want := range []string{"loop ended", "2 begins", "1 OK", "3 OK x", "2 OK, closed"} {
				if strings.Count(said, want) != 1 {
					t.Errorf("after %v the worker did not send %q once: %s", end, want, said)
				}
			}
			d.wantOver(nil)
		})
	}
}

// A panic in the loop is only the worker's death: it is not reported as an end
// of the loop, and no call starts.
func TestLoopPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.Conn = d
		s := &server{Config: Config{Busy: &d.busy, Tally: &d.tally, Concurrency: 1, Loop: func(context.Context) error { panic("boom") }}, conn: d}
		s.active, s.waiting = 1, []*job{{id: nth(1), ctx: newTestContext()}}
		func() {
			defer func() {
				if v := recover(); v != "boom" {
					t.Errorf("it panicked with %v", v)
				}
			}()
			_ = s.iteration(t.Context())
		}()
		d.want()
		if s.active != 1 || len(s.waiting) != 1 || s.stopping {
			t.Errorf("it goes on: %d run, %d wait", s.active, len(s.waiting))
		}
	})
}

// A pause holds the loop between two iterations; the pause and its end are
// reported once each. Calls continue meanwhile.
func TestPausedLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, l := serveLoop(t, Config{LoopEvery: time.Second})
		d.tell(wire.Pause)
		d.want() // the iteration is not over
		l.done(nil)
		d.want() // nor due
		d.wantBusy(0)
		time.Sleep(time.Second)
		d.want("loop paused")
		d.tell(wire.Pause)
		time.Sleep(time.Minute)
		d.want()
		d.do(nth(1), "hold")
		d.do(nth(2), "echo x")
		d.release(nth(1))
		d.want("1 begins", "1 OK", "2 OK x")
		d.tell(wire.Resume)
		d.want("loop runs", "turn")
		d.tell(wire.Resume)
		l.done(nil)
		time.Sleep(time.Second)
		d.want("turn")
		d.tell(wire.Pause)
		d.tell(wire.Resume) // before the pause has any effect
		l.done(nil)
		time.Sleep(time.Second)
		d.want("turn")
		d.tell(wire.Pause)
		l.done(nil)
		time.Sleep(time.Second)
		d.want("loop paused")
		d.do(nth(3), "hold")
		d.tell(wire.Resume)
		d.want("3 begins", "loop runs")
		d.release(nth(3))
		d.want("3 OK", "turn")
		d.hangup()
	})
}

// A loop that is paused again just when it is let go on stays held.
func TestPausedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, l := serveLoop(t, Config{})
		d.tell(wire.Pause)
		l.done(nil)
		d.want("loop paused")
		again, first := link.Frame{Header: wire.Header{Kind: wire.Pause}}, true
		d.refuse = func(h wire.Header, _ []byte) error {
			if first && h.Kind == wire.Loop && wire.LoopState(h.Code) == wire.LoopRuns {
				first = false
				d.frames <- again
				d.frames <- again // the first one has been handled
			}
			return nil
		}
		d.tell(wire.Resume)
		d.want("loop runs", "loop paused")
		d.tell(wire.Resume)
		d.want("loop runs", "turn")
		d.hangup()
	})
}

// A pause that comes while the loop waits behind a call holds its next
// iteration, and the calls behind it have their turn.
func TestPausedBehindACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, l := serveLoop(t, Config{})
		d.do(nth(1), "hold")
		d.do(nth(2), "hold")
		l.done(nil)
		d.want("1 begins")
		d.tell(wire.Pause)
		d.release(nth(1))
		d.want("1 OK", "loop paused", "2 begins")
		d.release(nth(2))
		d.want("2 OK")
		d.wantBusy(0)
		d.tell(wire.Resume)
		d.want("loop runs", "turn")
		d.hangup()
	})
}

// A worker and its loop can stop wherever the loop is: in an iteration, whose
// context ends; or waiting for the next one, for its place, or for the end of a
// pause. This is neither a return nor an error of the loop.
func TestLoopOfALeavingWorker(t *testing.T) {
	for where, prepare := range map[string]func(d *desk, l *turns){
		"in an iteration": func(d *desk, l *turns) {},
		"for the next":    func(d *desk, l *turns) { l.done(nil) },
		"after a failure": func(d *desk, l *turns) { l.done(errFailed); d.want("loop error code: it failed") },
		"paused": func(d *desk, l *turns) {
			l.done(nil)
			d.tell(wire.Pause)
			time.Sleep(time.Hour)
			d.want("loop paused")
		},
	} {
		for _, stop := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				d, l := serveLoop(t, Config{LoopEvery: time.Hour, Context: context.WithValue(context.Background(), testKey{}, "v")})
				if l.ctx.Value(testKey{}) != "v" {
					t.Error("the loop does not see the process's values")
				}
				prepare(d, l)
				if stop {
					d.tell(wire.Stop)
					d.want("closed")
					d.wantOver(nil)
				} else {
					d.hangup()
					d.want()
				}
				if l.ctx.Err() == nil {
					t.Errorf("%s: the context of the loop has not ended", where)
				}
			})
		}
	}
	for _, stop := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) { // for its place
			d, l := serveLoop(t, Config{})
			d.do(nth(1), "hold")
			l.done(nil)
			d.do(nth(2), "hold")
			d.want("1 begins")
			if stop {
				d.tell(wire.Stop)
				d.release(nth(1))
				d.want("1 OK", "2 begins")
				d.release(nth(2))
				d.want("2 OK", "closed")
				d.wantOver(nil)
				return
			}
			close(d.frames)
			synctest.Wait()
			d.release(nth(1))
			d.want("1 OK")
			d.wantOver(io.EOF)
		})
	}
}

// A loop that gets its place when it no longer needs it passes it on.
func TestLoopHandsItsPlaceOn(t *testing.T) {
	for _, waiting := range []int{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t)
			s := &server{Config: Config{Busy: &d.busy, Tally: &d.tally, Concurrency: 1}, conn: d, active: 1}
			for range waiting {
				fn := &Func{Call: d.call}
				s.waiting = append(s.waiting, &job{id: nth(1), ctx: newTestContext(), fn: fn, in: []byte("echo x")})
			}
			ctx, cancel := context.WithCancel(t.Context())
			took := make(chan bool)
			go func() { took <- s.awaitTurn(ctx) }()
			synctest.Wait()
			s.mu.Lock()
			cancel() // it wakes, and waits for the lock
			if next := s.pass(); next != nil {
				t.Error("the place was given to a call, although the loop waits")
			}
			s.mu.Unlock()
			if <-took {
				t.Error("it took the place")
			}
			s.over.Wait()
			s.mu.Lock()
			if s.active != 0 || s.loop.turn != nil {
				t.Errorf("%d places are taken", s.active)
			}
			s.mu.Unlock()
			d.want([]string{"1 OK x"}[:waiting]...)
		})
	}
	// A loop that asks for a place only while the worker stops gets none.
	s := &server{Config: Config{Concurrency: 1}, stopping: true}
	if s.awaitTurn(t.Context()) || s.active != 0 || !s.mu.TryLock() {
		t.Error("the loop of a leaving worker took a place")
	}
}
