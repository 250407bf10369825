package legion_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

// A call made with Go that fails without that anything has asked for its end
// makes one Failure event, whatever it failed of; one that something has asked
// for, or that was canceled, makes none.
func TestUnheardFailures(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1, Queue: 1, KillGrace: 50 * time.Millisecond})
	heard := make(chan event.Failure, 100)
	legion.On(s.d, func(_ context.Context, e event.Failure) error { heard <- e; return legion.StopPropagation })
	s.start(t)
	short := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(t.Context(), 20*time.Millisecond)
	}

	// These are heard of. Each ends before the next begins.
	for what, ask := range map[string]func(f *legion.Future[string]){
		"Then":   func(f *legion.Future[string]) { f.Then(func(string, error) {}) },
		"Done":   func(f *legion.Future[string]) { f.Done() },
		"Result": func(f *legion.Future[string]) { _, _ = f.Result() },
		"Await":  func(f *legion.Future[string]) { _, _ = f.Await(t.Context()) },
		"State":  func(f *legion.Future[string]) { f.State() },
	} {
		f := s.do.Go(t.Context(), deed{What: "error"})
		ask(f)
		if _, err := f.Result(); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := s.do.Go(ctx, deed{What: "wait", For: time.Hour})
	cancel()
	onLoop(t, s, func(context.Context) {}) // the worker is free: it has ended

	for _, c := range []struct {
		what string
		is   error
	}{
		{"error", nil}, {"panic", legion.ErrPanicked}, {"exit", legion.ErrCrashed}, {"wait", legion.ErrTimeout}, {"full", legion.ErrQueueFull},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		if c.what == "wait" {
			ctx, cancel = short()
		}
		if c.what == "full" {
			for range 2 {
				s.do.Go(ctx, deed{What: "wait", For: time.Hour}).Then(func(string, error) {})
			}
			c.what = "wait"
		}
		s.do.Go(ctx, deed{What: c.what, For: time.Hour})
		e := <-heard
		cancel()
		if c.is != nil && !errors.Is(e.Err, c.is) || c.is == nil && e.Err.Error() != "it did not work" || e.Where != "call of do in pool pool" {
			t.Errorf("%s: %+v", c.what, e)
		}
		if c.is == legion.ErrPanicked && !strings.Contains(e.Stack, "tool).do") {
			t.Errorf("the stack of the panic is %q", e.Stack)
		}
	}
	if _, err := gone.Result(); !errors.Is(err, legion.ErrCanceled) {
		t.Error(err)
	}
	if len(heard) > 0 {
		t.Errorf("one more: %+v", <-heard)
	}
}

// OnEnd is told of every end, with all that the call was.
func TestOnEnd(t *testing.T) {
	legiontest.CheckLeaks(t)
	ends := make(chan legion.CallEnd, 100)
	s := newSolo("solo", legion.Pool{Max: 1, Queue: 1, Retry: 1, KillGrace: 50 * time.Millisecond, MaxPayload: 100_000,
		OnEnd: func(e legion.CallEnd) { ends <- e }, OnReturn: func(legion.CallEnd) { panic("one hook's panic is not the other's") }})
	s.start(t)
	for _, c := range []struct {
		deed  deed
		is    error
		tries int
	}{
		{deed{What: "pid"}, nil, 0},
		{deed{What: "sentinel"}, errSentinel, 0},
		{deed{What: "panic"}, legion.ErrPanicked, 0},
		{deed{What: "exit"}, legion.ErrPoisoned, 1},
		{deed{What: "wait", For: time.Minute}, legion.ErrTimeout, 0},
		{deed{What: "wait", For: time.Hour}, legion.ErrCanceled, 0},
		{deed{What: "large", Size: 200_000}, legion.ErrRefused, 0},
		{deed{Ballast: make([]byte, 200_000)}, legion.ErrRefused, -1},
	} {
		ctx, expire := expiring(t.Context())
		f := s.do.Go(ctx, c.deed)
		switch c.is {
		case legion.ErrTimeout:
			expire()
		case legion.ErrCanceled:
			f.Cancel()
		}
		e := <-ends
		expire()
		if !errors.Is(e.Err, c.is) || (e.Err == nil) != (c.is == nil) || (e.Out != nil) != (c.is == nil) || e.Pool != "pool" || e.Func != "do" {
			t.Errorf("%+v: %+v", c.deed, e)
		}
		var want any = c.deed
		if c.tries < 0 { // it could not travel
			c.tries, want = 0, nil
		} else if e.Call == 0 {
			t.Errorf("%+v: the call has no number", c.deed)
		}
		if e.Tries != c.tries || !reflect.DeepEqual(e.Arg, want) {
			t.Errorf("%+v: %d tries, the argument is %+v", c.deed, e.Tries, e.Arg)
		}
	}
	hold, release := context.WithCancel(t.Context())
	defer release()
	for range 3 {
		s.do.Go(hold, deed{What: "wait", For: time.Hour}).Then(func(string, error) {}) // it is told of these too
	}
	if e := <-ends; !errors.Is(e.Err, legion.ErrQueueFull) {
		t.Errorf("queue full: %v", e.Err)
	}
	go func() { _ = s.d.Stop(hold) }()
	release()
	for range 2 {
		<-ends
	}
	_ = s.d.Stop(t.Context())
	s.do.Go(t.Context(), deed{})
	if e := <-ends; !errors.Is(e.Err, legion.ErrStopped) {
		t.Errorf("stopped: %v", e.Err)
	}
}

// OnEnd is told of calls whose callers wait, and of streams, too; the other
// hooks are not.
func TestOnEndOfCallsAndStreams(t *testing.T) {
	legiontest.CheckLeaks(t)
	ends := make(chan legion.CallEnd, 100)
	never := func(e legion.CallEnd) { t.Errorf("a hook for calls that nothing waits for is told of %+v", e) }
	k := newKit(legion.Pool{Max: 1, OnEnd: func(e legion.CallEnd) { ends <- e }, OnReturn: never, OnDied: never, OnTimeout: never}).start(t)
	check := func(what, fn string, want error, out, arg any) {
		t.Helper()
		e := <-ends
		if !errors.Is(e.Err, want) || (e.Err == nil) != (want == nil) || e.Func != fn || e.Call == 0 || !reflect.DeepEqual(e.Out, out) || !reflect.DeepEqual(e.Arg, arg) {
			t.Errorf("%s: %+v", what, e)
		}
	}
	if out, err := k.echo.Call(t.Context(), []byte("x")); string(out) != "x" || err != nil {
		t.Errorf("%q, %v", out, err)
	}
	check("a result", "echo", nil, []byte("x"), []byte("x"))
	for what, want := range map[string]error{"sentinel": errSentinel, "panic": legion.ErrPanicked, "exit": legion.ErrCrashed} {
		if _, err := k.do.Call(t.Context(), deed{What: what}); !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		check(what, "do", want, nil, deed{What: what})
	}
	read := func(n, most int) {
		for range k.count.All(t.Context(), n) {
			if most--; most == 0 {
				break
			}
		}
	}
	read(3, 10)
	check("a stream", "count", nil, nil, 3)
	read(-1, 10)
	check("a stream with an error", "count", errSentinel, nil, -1)
	read(1<<40, 2)
	check("a stream that was left", "count", legion.ErrCanceled, nil, 1<<40)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range k.count.All(over, 1) {
		break
	}
	if e := <-ends; !errors.Is(e.Err, legion.ErrCanceled) || e.Arg != 1 || e.Call != 0 {
		t.Errorf("a stream that never began: %+v", e)
	}
}

// Each callback is called once, in order and one at a time, whether its future
// was made before, during or after a stop, and if the daemon was never started.
func TestThenOverAStop(t *testing.T) {
	legiontest.CheckLeaks(t)
	for name, starts := range map[string]bool{"started": true, "never started": false} {
		t.Run(name, func(t *testing.T) {
			s := newSolo("solo", legion.Pool{Max: 1})
			s.d.InProcess()
			if starts {
				if err := s.d.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			const n = 300
			var order []int // without a lock: the race detector looks
			all := make(chan struct{})
			stopped := make(chan error, 1)
			last := s.do.Go(t.Context(), deed{})
			for i := range n {
				if i == n/3 {
					go func() { stopped <- s.d.Stop(t.Context()) }()
				}
				if i == 2*n/3 {
					if err := <-stopped; err != nil {
						t.Error(err)
					}
				}
				if i%2 == 0 {
					last = s.do.Go(t.Context(), deed{})
				}
				<-last.Done()
				last.Then(func(_ string, err error) {
					if err != nil && !errors.Is(err, legion.ErrStopped) {
						t.Error(err)
					}
					if order = append(order, i); len(order) == n {
						close(all)
					}
					if i == n-2 {
						panic("the last callback is called all the same")
					}
				})
			}
			select {
			case <-all:
			case <-time.After(30 * time.Second):
				t.Fatal("a callback is missing")
			}
			for i, j := range order {
				if i != j {
					t.Fatalf("callback %d was called as number %d", j, i)
				}
			}
		})
	}
}
