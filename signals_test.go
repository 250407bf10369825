package legion_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

func init() { programs["signals"] = signalsMain }

// signalsMain tells what signals it gets. It takes SIGHUP for itself, and the
// first SIGTERM; SIGWINCH makes its loop hang for ever.
func signalsMain() {
	c := quiet("signals")
	c.StopTimeout = 2 * time.Second
	c.Logger = slog.New(slog.NewJSONHandler(statsOnly{os.Stdout}, nil))
	c.Signals = map[syscall.Signal]legion.SignalAction{
		syscall.SIGUSR2: legion.SignalEvent,
		syscall.SIGALRM: legion.SignalIgnore,
	}
	d := legion.New(c)
	legion.On(d, func(_ context.Context, s event.Signal) error {
		fmt.Println("got", s.Name(), s.Count)
		switch s.Signal {
		case syscall.SIGHUP, syscall.SIGTERM:
			return legion.StopPropagation
		case syscall.SIGWINCH:
			select {}
		}
		return nil
	})
	legion.On(d, func(context.Context, event.Reload) error { fmt.Println("reload"); return nil })
	legion.On(d, func(_ context.Context, s *status.Stats) error {
		s.Extra["answer"] = 42
		fmt.Println("stats", s.Name, s.PID == os.Getpid(), s.Memory.Now > 0, s.User != "")
		return nil
	})
	legion.On(d, func(context.Context, event.Started) error { fmt.Println("started"); return nil })
	if err := d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
	}
	fmt.Println("ended")
}

// statsOnly lets the log through that holds statistics.
type statsOnly struct{ to io.Writer }

func (w statsOnly) Write(line []byte) (int, error) {
	var record struct{ Msg, Stats string }
	var stats status.Stats
	if json.Unmarshal(line, &record) == nil && record.Msg == "statistics" {
		err := strictjson.Unmarshal([]byte(record.Stats), &stats)
		fmt.Fprintln(w.to, "logged", stats.Name, stats.Extra["answer"], err)
	}
	return len(line), nil
}

func TestSignalEvents(t *testing.T) {
	p := run(t, "signals")
	p.hear("started")
	for _, s := range []struct {
		signal syscall.Signal
		want   []string
	}{
		{syscall.SIGHUP, []string{"got SIGHUP 1"}}, // and no reload: the next line is of the next signal
		{syscall.SIGUSR2, []string{"got SIGUSR2 1"}},
		{syscall.SIGALRM, nil},
		{syscall.SIGHUP, []string{"got SIGHUP 2"}},
		{syscall.SIGUSR1, []string{"got SIGUSR1 1", "stats signals true true true", "logged signals 42 <nil>"}},
		{syscall.SIGTERM, []string{"got SIGTERM 1"}}, // vetoed
		{syscall.SIGCONT, []string{"got SIGCONT 1"}},
	} {
		p.signal(s.signal)
		for _, want := range s.want {
			if line := p.line(); line != want {
				t.Fatalf("%v: it says %q, want %q", s.signal, line, want)
			}
		}
	}
	p.signal(syscall.SIGTERM) // the second one ends it whatever the handler says
	for line := p.line(); line != "ended"; line = p.line() {
	}
}

// A daemon whose loop hangs ends all the same, within its StopTimeout, and at
// once when it is told twice.
func TestSignalsWhileTheLoopHangs(t *testing.T) {
	slow.Test(t, "waits for a stop that runs into its timeout", "2 s")
	for _, times := range []int{1, 2} {
		p := run(t, "signals")
		p.hear("started")
		p.signal(syscall.SIGWINCH)
		p.hear("got SIGWINCH")
		began := time.Now()
		for range times {
			p.signal(syscall.SIGTERM)
			time.Sleep(20 * time.Millisecond) // two at the same moment are one
		}
		if why := p.hear("error"); !strings.Contains(why, "has not ended") {
			t.Errorf("it says %q", why)
		}
		p.hear("ended")
		t.Logf("told %d times it ended after %v", times, time.Since(began))
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("told %d times it ended after %v", times, took)
		}
	}
}
