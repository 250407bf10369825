package legion

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/internal/wire"
)

// flooded is a daemon whose loop stands still until it is released.
type flooded struct {
	d       *Daemon
	log     testkit.Log
	held    chan struct{} // closed when it stands
	release chan struct{}
}

// said is how often the log has a text.
func (f *flooded) said(text string) int { return strings.Count(f.log.String(), text) }

type standStill struct{}

func newFlooded(t *testing.T, declare func(d *Daemon)) *flooded {
	t.Helper()
	f := &flooded{held: make(chan struct{}), release: make(chan struct{})}
	f.d = New(Config{Name: "flooded", Control: "none", Logger: slog.New(slog.NewTextHandler(&f.log, nil))})
	f.d.InProcess()
	On(f.d, func(context.Context, standStill) error { close(f.held); <-f.release; return nil })
	declare(f.d)
	if err := f.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	go func() { _ = Emit(context.Background(), f.d, standStill{}) }()
	<-f.held
	return f
}

// goOn lets the loop go, sees that it is free at once, and stops the daemon.
func (f *flooded) goOn(t *testing.T) {
	t.Helper()
	close(f.release)
	if err := f.d.onLoop(t.Context(), func() error { return nil }); err != nil {
		t.Error(err)
	}
	if err := f.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// What comes from outside again and again, while the loop stands still, fills
// neither the loop nor the log, whatever it is. What was left out is told.
func TestFloods(t *testing.T) {
	const flood = 12_000 // more than any limit
	pool := &declaredPool{name: "pool"}
	for name, c := range map[string]struct {
		come  func(d *Daemon, i int)
		limit int
	}{
		"clients":      {func(d *Daemon, _ int) { announce(d, event.ClientConnected{}) }, maxClientEvents},
		"gone clients": {func(d *Daemon, _ int) { announce(d, event.ClientClosed{}) }, maxClientEvents},
		"workers":      {func(d *Daemon, _ int) { announce(d, event.WorkerStarted{}) }, maxEvents},
		"deaths":       {func(d *Daemon, _ int) { announce(d, event.WorkerExited{}) }, maxEvents},
		"loop errors":  {func(d *Daemon, i int) { d.looped(pool, 1, 1, wire.LoopError, wire.Fault{Message: fmt.Sprint(i)}) }, maxErrors},
		"loop states":  {func(d *Daemon, _ int) { d.looped(pool, 1, 1, wire.LoopRuns, wire.Fault{}) }, maxEvents},
		"errors":       {func(d *Daemon, i int) { d.reportSoon("a method", fmt.Errorf("error %d", i)) }, maxErrors},
		"signals":      {func(d *Daemon, i int) { d.received(event.Signal{Signal: syscall.SIGWINCH, Count: i}) }, maxSignals},
		"given up": {func(d *Daemon, _ int) { // by clients whose methods never had their turn
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = d.onLoop(ctx, func() error { return nil })
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			handled := 0 // no lock: on the loop
			f := newFlooded(t, func(d *Daemon) {
				On(d, func(context.Context, event.ClientConnected) error { handled++; return nil })
				On(d, func(context.Context, event.ClientClosed) error { handled++; return nil })
				On(d, func(context.Context, event.WorkerStarted) error { handled++; return nil })
				On(d, func(context.Context, event.WorkerExited) error { handled++; return nil })
				On(d, func(context.Context, event.LoopStarted) error { handled++; return nil })
				On(d, func(context.Context, event.Failure) error { handled++; return nil })
				On(d, func(context.Context, event.Signal) error { handled++; return nil })
			})
			for i := range flood {
				c.come(f.d, i)
			}
			s := f.d.Stats().Loop
			if s.Pending > c.limit+1 {
				t.Errorf("%d wait for the loop, the limit is %d", s.Pending, c.limit)
			}
			if want := uint64(flood - c.limit); c.limit > 0 && s.LeftOut != want {
				t.Errorf("%d were left out, not %d", s.LeftOut, want)
			}
			f.goOn(t)
			if handled != c.limit {
				t.Errorf("%d were handled, not %d", handled, c.limit)
			}
			if told := f.said("the loop is too slow"); (told == 0) != (c.limit == 0) {
				t.Errorf("it was told %d times:\n%s", told, f.log.String())
			}
			if n := f.said("\n"); n > 2*errorBurst {
				t.Errorf("the log has %d lines", n)
			}
		})
	}
}

// What fails at every turn of the loop is logged at a bounded rate, and
// counted.
func TestErrorsWithoutEnd(t *testing.T) {
	f := newFlooded(t, func(*Daemon) {})
	close(f.release)
	const errs = 10_000
	err := f.d.onLoop(t.Context(), func() error {
		for range errs {
			f.d.report("a loop", errors.New("it fails at once"), false)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := f.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	n := f.said(`msg="an error of the loop"`)
	left := f.said("repeatedly: records")
	if n < errorBurst || n > errs/10 || left == 0 {
		t.Errorf("%d of %d errors are in the log, and %d lines say that more are not", n, errs, left)
	}
}

// A signal that comes without end is logged at a bounded rate, and hides no
// other.
func TestSignalsWithoutEnd(t *testing.T) {
	f := newFlooded(t, func(*Daemon) {})
	const signals = 5000
	came, over := make(chan os.Signal), make(chan struct{})
	watched := make(chan struct{})
	go func() { defer close(watched); f.d.watchSignals(came, over) }()
	for range signals {
		came <- syscall.SIGWINCH
	}
	came <- syscall.SIGURG
	close(over)
	<-watched
	f.goOn(t)
	told := f.said(`msg="received a signal" `)
	if told < errorBurst || told > signals/10 || f.said("repeatedly: records") == 0 || f.said("signal=SIGURG") != 1 {
		t.Errorf("%d of %d signals are in the log:\n%.2000s", told, signals, f.log.String())
	}
}

// However often signals ask for a change, one is under way and one follows it;
// and the statistics that they ask for do not fill the log.
func TestWishesWithoutEnd(t *testing.T) {
	f := newFlooded(t, func(*Daemon) {})
	close(f.release)
	began, end := make(chan bool, 1000), make(chan bool)
	do := func(context.Context) error { began <- true; <-end; return nil }
	for range 1000 {
		f.d.onceRunning("change", do)
	}
	for range 2 {
		<-began
	}
	end <- true
	for f.d.wishesFor("change") == 2 {
		time.Sleep(time.Millisecond)
	}
	f.d.onceRunning("change", do)
	<-began
	if close(end); len(began) > 0 {
		t.Errorf("%d more have begun", len(began))
	}
	const dumps = 1000
	if err := f.d.onLoop(t.Context(), func() error {
		for range dumps {
			f.d.obey(event.Signal{Signal: syscall.SIGUSR1}, time.Now())
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := f.d.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if n := f.said("msg=statistics"); n < dumpBurst || n > dumps/10 || f.said("repeatedly: records") == 0 {
		t.Errorf("the statistics were logged %d times", n)
	}
}

func (d *Daemon) wishesFor(what string) int { return d.signals.wishes.Open(what) }

// While a daemon stops, what comes from outside goes on to come: here each
// event that is handled brings the next. Those that wait when the loop takes
// nothing more are the last.
func TestStopInAFlood(t *testing.T) {
	var f *flooded
	handled := 0 // no lock: on the loop
	f = newFlooded(t, func(d *Daemon) {
		d.config.StopTimeout = 2 * time.Second // how long the failure takes
		On(d, func(context.Context, event.WorkerExited) error {
			handled++
			announce(d, event.WorkerExited{})
			return nil
		})
	})
	const waiting = 100
	for range waiting {
		announce(f.d, event.WorkerExited{})
	}
	stopped := make(chan error, 1)
	go func() { stopped <- f.d.Stop(context.Background()) }()
	<-f.d.life.Closing().Done()
	close(f.release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if handled < waiting {
		t.Errorf("%d of %d that waited were handled", handled, waiting)
	}
}
