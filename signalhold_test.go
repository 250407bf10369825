package legion

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"syscall"
	"testing"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/life"
)

// Signals that are held are dealt with afterwards, one of each, when the last
// release has come; others, and a second one that stops the daemon, are not
// held up.
func TestHoldSignals(t *testing.T) {
	d := New(Config{Name: "held", Control: "none", Logger: slog.New(slog.DiscardHandler)})
	got := make(chan event.Signal, 100)
	On(d, func(_ context.Context, s event.Signal) error { got <- s; return nil })
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer d.Stop(context.Background())
	signals, over := make(chan os.Signal), make(chan struct{})
	defer close(over)
	go d.watchSignals(signals, over)

	one := d.HoldSignals(syscall.SIGWINCH, syscall.SIGTERM)
	other := d.HoldSignals(syscall.SIGWINCH)
	for range 3 {
		signals <- syscall.SIGWINCH
	}
	signals <- syscall.SIGALRM
	if s := <-got; s.Signal != syscall.SIGALRM {
		t.Errorf("%s was not held", s.Name())
	}
	one()
	one() // nothing more
	signals <- syscall.SIGALRM
	if s := <-got; s.Signal != syscall.SIGALRM || s.Count != 2 {
		t.Errorf("%s %d came while another hold lasts", s.Name(), s.Count)
	}
	other()
	if s := <-got; s.Signal != syscall.SIGWINCH || s.Count != 3 {
		t.Errorf("after the release came %s %d", s.Name(), s.Count)
	}
	signals <- syscall.SIGWINCH
	if s := <-got; s.Count != 4 {
		t.Errorf("nothing is held any more: %+v", s)
	}

	defer d.HoldSignals(syscall.SIGTERM)()
	signals <- syscall.SIGTERM
	if s := d.life.State(); s != life.Running {
		t.Errorf("a held SIGTERM: the daemon is %s", s)
	}
	signals <- syscall.SIGTERM
	if err := d.Wait(); err != nil {
		t.Error(err)
	}
	if slices.ContainsFunc(drained(got), func(s event.Signal) bool { return s.Signal == syscall.SIGWINCH }) {
		t.Error("a held signal came twice")
	}
}

func drained[T any](c chan T) (all []T) {
	for {
		select {
		case v := <-c:
			all = append(all, v)
		default:
			return all
		}
	}
}

// What a program reports is an event, and a line of the log; nothing if it is
// nil.
func TestReport(t *testing.T) {
	d := New(Config{Name: "reports", Control: "none", Logger: slog.New(slog.DiscardHandler)})
	got := make(chan event.Failure, 10)
	On(d, func(_ context.Context, e event.Failure) error { got <- e; return nil })
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Report("nothing", nil)
	d.Report("import", os.ErrClosed)
	if e := <-got; e.Where != "import" || e.Err != os.ErrClosed {
		t.Errorf("%+v", e)
	}
	if err := d.Stop(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%v, %d more", err, len(got))
	}
}
