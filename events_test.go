package legion_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

type greeting struct{ to string }

func TestEventsAreHandledOnTheLoopInOrder(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("events"))
	var got []string // no lock: handlers run on the loop
	note := func(s string) func(context.Context, greeting) error {
		return func(_ context.Context, g greeting) error { got = append(got, s+" "+g.to); return nil }
	}
	legion.On(d, note("last"), legion.Priority(-1))
	legion.On(d, note("one"))
	off := legion.On(d, note("off"))
	legion.On(d, func(_ context.Context, g greeting) error {
		if g.to == "stop" {
			return legion.StopPropagation
		}
		return nil
	}, legion.Priority(1))
	off()
	legiontest.Start(t, d)
	if err := legion.Emit(t.Context(), d, greeting{"you"}); err != nil {
		t.Error(err)
	}
	if err := legion.Emit(t.Context(), d, greeting{"stop"}); err != legion.StopPropagation {
		t.Error(err)
	}
	if want := []string{"one you", "last you"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := d.Stats().Events["legion_test.greeting"]; n != 2 {
		t.Errorf("counted %d", n)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := legion.Emit(t.Context(), d, greeting{}); !errors.Is(err, legion.ErrStopped) {
		t.Error(err)
	}
}

func TestErrorEvents(t *testing.T) {
	legiontest.CheckLeaks(t)
	d := legion.New(quiet("errors"))
	seen := make(chan event.Failure, 10)
	legion.On(d, func(_ context.Context, e event.Failure) error {
		select {
		case seen <- e:
		default:
		}
		return legion.StopPropagation
	})
	legion.On(d, func(context.Context, greeting) error { panic("a handler") })
	d.Every(time.Hour, func(context.Context) error { return errors.New("a loop") })
	legiontest.Start(t, d)
	if e := <-seen; e.Err.Error() != "a loop" || e.Where != "every 1h0m0s" {
		t.Errorf("%+v", e)
	}
	if err := legion.Emit(t.Context(), d, greeting{}); err != nil {
		t.Error(err)
	}
	if e := <-seen; !strings.Contains(e.Err.Error(), "a handler") || !strings.Contains(e.Stack, "TestErrorEvents") {
		t.Errorf("%+v", e)
	}
}

func TestEventsAroundALoop(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := quiet("around")
	d := legion.New(c)
	runs, vetoes, again, overruns := 0, 0, 0, 0
	finished := make(chan struct{})
	d.Every(time.Millisecond, func(ctx context.Context) error {
		runs++
		if runs == 3 {
			time.Sleep(5 * time.Millisecond)
		}
		if runs == 20 {
			close(finished)
			return d.Stop(ctx) // on the loop it only begins
		}
		return nil
	})
	legion.On(d, func(context.Context, event.PreExecute) error {
		if vetoes++; vetoes%2 == 0 {
			return legion.StopPropagation
		}
		return nil
	})
	legion.On(d, func(_ context.Context, p event.PostExecute) error {
		if p.Loop != "every 1ms" {
			return fmt.Errorf("unknown loop %q", p.Loop)
		}
		if again < 4 {
			again++
			return legion.StopPropagation
		}
		return nil
	})
	legion.On(d, func(context.Context, event.Overrun) error { overruns++; return nil })
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-finished
	if err := d.Wait(); err != nil {
		t.Error(err)
	}
	if runs != 20 || vetoes < 20 || again != 4 || overruns == 0 {
		t.Errorf("%d runs, %d vetoes, %d repetitions, %d overruns", runs, vetoes, again, overruns)
	}
}

func TestLifeEvents(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1})
	var life []string
	note := func(s string) { life = append(life, s) }
	legion.On(k.d, func(context.Context, event.Init) error { note("init"); return nil })
	legion.On(k.d, func(context.Context, event.Started) error { note("started"); return nil })
	legion.On(k.d, func(context.Context, event.Shutdown) error { note("shutdown"); return nil })
	k.d.Teardown(func(context.Context) error { note("teardown"); return nil })
	ready := make(chan event.WorkerStarted, 10)
	died := make(chan event.WorkerExited, 10)
	legion.On(k.d, func(_ context.Context, e event.WorkerStarted) error { ready <- e; return nil })
	legion.On(k.d, func(_ context.Context, e event.WorkerExited) error { died <- e; return nil })
	var idle atomic.Int64
	legion.On(k.d, func(context.Context, event.Idle) error { idle.Add(1); return nil })
	k.start(t)
	if e := <-ready; e.PID == 0 || e.Took <= 0 || e.Pool == "" {
		t.Errorf("%+v", e)
	}
	if _, err := k.do.Call(t.Context(), deed{What: "exit"}); err == nil {
		t.Fatal("exit is no error")
	}
	if e := <-died; e.Expected || e.ExitCode != 7 || e.Pool != "main" {
		t.Errorf("%+v", e)
	}
	if err := k.d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(life, " "); got != "init started shutdown teardown" {
		t.Error(got)
	}
	if idle.Load() == 0 {
		t.Error("the loop was never idle")
	}
}

// What the handlers say counts, also when the context has ended meanwhile: a
// veto is no matter of chance.
func TestEmitWithAnEndedContext(t *testing.T) {
	type question struct{}
	d := newKit(legion.Pool{}).d
	d.InProcess()
	legion.On(d, func(context.Context, question) error { return legion.StopPropagation })
	d.Init(func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		for range 20 {
			if err := legion.Emit(ctx, d, question{}); !errors.Is(err, legion.StopPropagation) {
				t.Errorf("the veto has become %v", err)
			}
		}
		return nil
	})
	legiontest.Start(t, d)
}
