package loop_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/legion-go/legion/internal/loop"
)

// run starts l in the background and returns a function that waits for its end
// and fails the test on an error.
func run(t *testing.T, ctx context.Context, l *loop.Loop) (wait func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	return func() {
		t.Helper()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func TestPostedFunctionsRunInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		var got, want []int
		for i := range 10_000 { // more than the capacity that an empty queue keeps
			want = append(want, i)
			if !l.Post(func() { got = append(got, i) }) {
				t.Fatalf("Post %d was refused before Run", i)
			}
		}
		wait := run(t, t.Context(), l)
		synctest.Wait()
		l.Post(func() { l.Post(func() { got = append(got, 10_001) }); got = append(got, 10_000) })
		l.Stop()
		l.Stop()
		wait()
		// A function posted by a posted function while the loop ends is refused.
		if want = append(want, 10_000); !slices.Equal(got, want) {
			t.Errorf("ran %d functions, want %d in the order of their posting", len(got), len(want))
		}
	})
}

func TestPostWakesTheLoopAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		l.Every(time.Hour, func() {})
		wait := run(t, t.Context(), l)
		for range 3 {
			time.Sleep(time.Minute)
			posted := time.Now()
			ran := make(chan time.Time)
			l.Post(func() { ran <- time.Now() })
			if late := (<-ran).Sub(posted); late != 0 {
				t.Errorf("a posted function began %v after its post", late)
			}
		}
		l.Stop()
		wait()
	})
}

// ends are the two ways to end a loop; cancel ends the context of its Run.
var ends = map[string]func(l *loop.Loop, cancel func()){
	"Stop":    func(l *loop.Loop, _ func()) { l.Stop() },
	"context": func(_ *loop.Loop, cancel func()) { cancel() },
}

func TestStopRunsWhatWasPostedBefore(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				l := loop.New(loop.Config{})
				ticks, ran := 0, 0
				l.Every(time.Millisecond, func() { ticks++ })
				wait := run(t, ctx, l)
				l.Post(func() {
					for range 100 {
						l.Post(func() {
							ran++
							time.Sleep(time.Second)
							if l.Post(func() { t.Error("a function ran that was posted while draining") }) {
								t.Error("Post while draining was taken")
							}
						})
					}
					end(l, cancel)
				})
				wait()
				if ran != 100 {
					t.Errorf("%d of the 100 functions ran that were posted before the end", ran)
				}
				if ticks > 1 {
					t.Errorf("%d ticks ran, the last of them after the end", ticks)
				}
				if l.Post(func() { t.Error("a function ran that was posted after the end") }) {
					t.Error("Post after the end was taken")
				}
				l.Every(0, func() { t.Error("a ticker ran that was declared after the end") })
				if err := l.Run(ctx); !errors.Is(err, loop.ErrRan) {
					t.Errorf("the second Run returned %v", err)
				}
			})
		})
	}
}

func TestEndWakesASleepingLoop(t *testing.T) {
	for name, end := range ends {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			l := loop.New(loop.Config{})
			l.Every(time.Hour, func() {})
			wait := run(t, ctx, l)
			time.Sleep(time.Minute)
			ended := time.Now()
			end(l, cancel)
			wait()
			if took := time.Since(ended); took != 0 {
				t.Errorf("%s: Run returned after %v", name, took)
			}
		})
	}
}

func TestWhatAFunctionCapturedIsFreeOnceItHasRun(t *testing.T) {
	l := loop.New(loop.Config{})
	seen := func() weak.Pointer[[1 << 20]byte] {
		captured := new([1 << 20]byte)
		l.Post(func() { captured[0]++ })
		return weak.Make(captured)
	}()
	l.Post(func() {
		runtime.GC()
		if seen.Value() != nil {
			t.Error("the queue keeps a function alive that has run")
		}
		l.Stop()
	})
	if err := l.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStopBeforeRun(t *testing.T) {
	l := loop.New(loop.Config{})
	ran := false
	l.Every(0, func() { t.Error("a tick ran") })
	l.Post(func() { ran = true })
	l.Stop()
	if l.Post(func() {}) {
		t.Error("Post after Stop was taken")
	}
	if err := l.Run(t.Context()); err != nil || !ran {
		t.Errorf("Run returned %v, posted function ran: %v", err, ran)
	}
}

func TestContextEndedBeforeRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := loop.New(loop.Config{})
	ran := false
	l.Every(0, func() { t.Error("a tick ran") })
	l.Post(func() { ran = true })
	if err := l.Run(ctx); err != nil || !ran {
		t.Errorf("Run returned %v, posted function ran: %v", err, ran)
	}
}

func TestPanicIsHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var values []any
		l := loop.New(loop.Config{Panic: func(v any, stack []byte) {
			values = append(values, v)
			if !bytes.Contains(stack, []byte("loop_test.explode")) {
				t.Errorf("the stack does not show the function that panicked:\n%s", stack)
			}
		}})
		ticker := l.Every(time.Second, func() { explode("tick") })
		wait := run(t, t.Context(), l)
		l.Post(func() { explode("post") })
		time.Sleep(1500 * time.Millisecond)
		l.Stop()
		wait()
		if want := []any{"tick", "post", "tick"}; !slices.Equal(values, want) {
			t.Errorf("panics handed over: %v, want %v", values, want)
		}
		if s := l.Stats(); s.Running != 0 {
			t.Errorf("Stats: %+v", s)
		}
		if runs := ticker.Stats().Runs; runs != 2 {
			t.Errorf("the ticker counts %d runs, want 2", runs)
		}
	})
}

func explode(with string) { panic(with) }

func TestPanicWithoutHandlerIsNotRecovered(t *testing.T) {
	l := loop.New(loop.Config{})
	l.Post(func() { explode("through") })
	defer func() {
		if v := recover(); v != "through" {
			t.Errorf("recovered %v from Run", v)
		}
		if l.Post(func() {}) {
			t.Error("Post was taken by a loop that has ended")
		}
	}()
	_ = l.Run(t.Context())
	t.Error("Run returned")
}

func TestGoexitEndsTheLoop(t *testing.T) {
	l := loop.New(loop.Config{Panic: func(any, []byte) { t.Error("Goexit was taken for a panic") }})
	l.Post(runtime.Goexit)
	left := make(chan struct{})
	go func() {
		defer close(left)
		_ = l.Run(t.Context())
	}()
	<-left
	if l.Post(func() {}) {
		t.Error("Post was taken by a loop that no longer runs")
	}
}

func TestIdleIsCalledOncePerQuietPeriod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle, echo := 0, false
		var l *loop.Loop
		l = loop.New(loop.Config{Idle: func() {
			if idle++; idle == 2 {
				l.Post(func() { echo = true })
			}
		}})
		l.Every(time.Second, func() {}) // 0, 1 and 2 s
		wait := run(t, t.Context(), l)
		time.Sleep(2500 * time.Millisecond)
		l.Post(func() {})
		synctest.Wait()
		l.Stop()
		wait()
		if idle != 5 || !echo {
			t.Errorf("Idle was called %d times, want after each of 3 ticks and 2 posts; what it posted ran: %v", idle, echo)
		}
	})
}

func TestStatsSeeTheRunningFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := loop.New(loop.Config{})
		wait := run(t, t.Context(), l)
		l.Post(func() { time.Sleep(time.Minute) })
		l.Post(func() {})
		time.Sleep(20 * time.Second)
		want := loop.Stats{Pending: 1, Running: 20 * time.Second, Busy: 20 * time.Second}
		if s := l.Stats(); s != want {
			t.Errorf("Stats: %+v, want %+v", s, want)
		}
		l.Stop()
		wait()
		want = loop.Stats{Busy: time.Minute}
		if s := l.Stats(); s != want {
			t.Errorf("Stats after the end: %+v, want %+v", s, want)
		}
	})
}

func TestMisusePanics(t *testing.T) {
	l := loop.New(loop.Config{})
	for name, misuse := range map[string]func(){
		"negative pause":    func() { loop.New(loop.Config{MinPause: -1}) },
		"negative interval": func() { l.Every(-1, func() {}) },
		"nil tick":          func() { l.Every(1, nil) },
		"nil post":          func() { l.Post(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			misuse()
		}()
	}
}
