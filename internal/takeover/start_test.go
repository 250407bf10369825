package takeover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func init() {
	parts["hold"] = playHold
	parts["exit"] = func() { os.Exit(3) }
	parts["panic"] = func() { panic("no way to start") }
	parts["signal"] = func() { check(syscall.Kill(os.Getpid(), syscall.SIGKILL)); stay() }
	parts["grandchild"] = func() { stay() }
	parts["hang"] = playHang
	parts["fail"] = func() {
		fmt.Fprintln(os.Stderr, "looking for the listener")
		fmt.Fprint(os.Stderr, "there is none")
		Inherited().Fail(7, "no listener: \xff name one")
		Inherited().Fail(8, "again")
		if Inherited().Ready() == nil {
			os.Exit(97)
		}
		os.Exit(6)
	}
	parts["fail and stay"] = func() {
		Inherited().Fail(0, strings.Repeat("x", 2*maxMessage))
		stay()
	}
	parts["fail late"] = func() {
		check(Inherited().Ready())
		Inherited().Fail(9, "changed my mind")
		os.Exit(9)
	}
	parts["die late"] = func() {
		check(Inherited().Ready())
		panic("not my day")
	}
	parts["close"] = func() {
		check(syscall.Shutdown(channelFD, syscall.SHUT_WR))
		stay()
	}
	parts["babble"] = func() {
		Inherited().channel.Write([]byte("hello"))
		stay()
	}
}

// playHold is a correct successor. It reports every stage, and stays.
func playHold() {
	h := Inherited()
	r := h.File("report")
	say(r, "pid", os.Getpid())
	check(h.Ready())
	say(r, "ready", true)
	<-h.Settled()
	say(r, "settled", true)
	<-h.gone
	fmt.Fprintln(os.Stderr, "legion's test: alone now") // must work without the predecessor
	say(r, "gone", true)
	stay()
}

// playHang never becomes ready. It starts a process in its group, which reports
// too.
func playHang() {
	r := Inherited().File("report")
	c := exec.Command(executable())
	c.Env = environ("grandchild")
	c.ExtraFiles = []*os.File{r}
	check(c.Start())
	say(r, "hangs", os.Getpid())
	stay()
}

func TestSuccess(t *testing.T) {
	leaks(t)
	for _, settle := range []time.Duration{0, 50 * time.Millisecond} {
		r := newReport(t)
		s := spec("hold", r)
		s.Settle = settle
		p := begin(t, s)
		if got := r.value("pid"); got != fmt.Sprint(p.PID()) {
			t.Errorf("process %s, not %d", got, p.PID())
		}
		r.value("ready")
		r.value("settled")
		select {
		case <-p.Done():
			t.Error("it has ended")
		default:
		}
		if err := syscall.Kill(p.PID(), syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if code, signal := p.Exit(); code != -1 || signal != syscall.SIGTERM {
			t.Error(code, signal)
		}
		if left := r.end(); len(left) > 0 {
			t.Error(left)
		}
	}
}

func TestFailures(t *testing.T) {
	leaks(t)
	for _, c := range []struct {
		part   string
		settle time.Duration
		want   Failed
	}{
		{"fail", 0, Failed{Code: 7, Message: "no listener: \uFFFD name one", Output: []string{"looking for the listener", "there is none"}}},
		{"fail late", time.Hour, Failed{Code: 9, Message: "changed my mind"}},
		{"exit", 0, Failed{Code: 3, Message: "it ended with exit status 3 before it was ready", Err: ErrEnded}},
		{"signal", 0, Failed{Code: 1, Message: "it was killed by a signal (killed) before it was ready", Err: ErrEnded}},
		{"panic", 0, Failed{Code: 2, Message: "it ended with exit status 2 before it was ready", Output: []string{"panic: no way to start"}, Err: ErrEnded}},
		{"die late", time.Hour, Failed{Code: 2, Message: "it ended with exit status 2 after it was ready, but within 1h0m0s", Output: []string{"panic: not my day"}, Err: ErrEnded}},
	} {
		t.Run(c.part, func(t *testing.T) {
			r := newReport(t)
			s := spec(c.part, r)
			s.Settle, s.Stderr = c.settle, nil
			f := fails(t, t.Context(), s)
			if f.Code != c.want.Code || f.Message != c.want.Message || f.Err != c.want.Err || f.Path != executable() {
				t.Errorf("%+v", f)
			}
			if len(f.Output) < len(c.want.Output) || !slices.Equal(f.Output[:len(c.want.Output)], c.want.Output) {
				t.Errorf("output: %q", f.Output)
			}
			r.end()
		})
	}
}

// A process that calls Fail, and stays, is killed.
func TestFailedAndStays(t *testing.T) {
	t.Parallel()
	r := newReport(t)
	f := fails(t, t.Context(), spec("fail and stay", r))
	if f.Code != 1 || f.Message != strings.Repeat("x", maxMessage) || f.Err != nil {
		t.Errorf("%+v", f)
	}
	r.end()
}

func TestSpeaksNotOurLanguage(t *testing.T) {
	t.Parallel()
	for part, says := range map[string]string{
		"close":  "it had closed the descriptors",
		"babble": "it spoke another protocol: a message of unknown kind 'h'",
	} {
		f := fails(t, t.Context(), spec(part, newReport(t)))
		contains(t, f.Message, says)
	}
}

// A successor that hangs is killed with its process group.
func TestHang(t *testing.T) {
	leaks(t)
	for timeout := 200 * time.Millisecond; ; timeout *= 2 { // until the machine is fast enough for it
		r := newReport(t)
		s := spec("hang", r)
		s.Timeout = timeout
		f := fails(t, t.Context(), s)
		if !errors.Is(f, ErrTimeout) || f.Message != "it was not ready in time, and was killed" {
			t.Fatalf("%+v", f)
		}
		if lines := r.end(); slices.Contains(lines, fmt.Sprintf("hangs=%d", f.PID)) {
			return
		}
		if timeout > hang {
			t.Fatal("it does not even hang")
		}
	}
}

func TestCanceled(t *testing.T) {
	leaks(t)
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r := newReport(t)
		if _, err := Start(ctx, spec("hold", r)); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if lines := r.end(); len(lines) > 0 {
			t.Error(lines)
		}
	})
	for part, stage := range map[string]string{"hang": "hangs", "hold": "ready"} {
		t.Run(part, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			r := newReport(t)
			s := spec(part, r)
			s.Settle = hang
			go func() {
				r.value(stage)
				cancel(errors.New("no time"))
			}()
			f := fails(t, ctx, s)
			if !errors.Is(f, context.Canceled) || !strings.HasPrefix(f.Message, "it was killed ") || !strings.HasSuffix(f.Message, ": no time") {
				t.Errorf("%+v", f)
			}
			r.end()
		})
	}
}

// Start and Successor's methods at the same time, from many goroutines.
func TestConcurrency(t *testing.T) {
	leaks(t)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			r := newReport(t)
			if i%2 == 0 {
				fails(t, t.Context(), spec("exit", r))
				return
			}
			p, err := Start(t.Context(), spec("hold", r))
			if err != nil {
				t.Error(err)
				return
			}
			end(t, p)
		})
	}
	all.Wait()
}
