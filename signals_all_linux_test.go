package legion_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
)

func init() {
	programs["struck"] = struckMain
	programs["starting"] = startingMain
}

// struckMain is a daemon that sends the signal STRUCK_BY to each of its
// processes while two calls run, one of which listens to that signal itself.
func struckMain() {
	c := quiet("struck")
	c.Signals = map[syscall.Signal]legion.SignalAction{syscall.SIGQUIT: legion.SignalEvent}
	d := legion.New(c)
	number, _ := strconv.Atoi(os.Getenv("STRUCK_BY"))
	sig := syscall.Signal(number)
	work := legion.Worker(d, "work", func(ctx context.Context, listens bool) (string, error) {
		heard := make(chan os.Signal, 1)
		if listens {
			signal.Notify(heard, sig)
		}
		legion.Logger(ctx).Info("at work")
		if listens {
			return (<-heard).String(), nil
		}
		_, err := os.ReadFile(os.Getenv("STRUCK_GATE")) // a named pipe: until the other call has ended
		return fmt.Sprint(err), errors.Join(err, ctx.Err())
	}, legion.Pool{Min: 2, Max: 2})
	atWork := make(chan struct{}, 2)
	legion.On(d, func(_ context.Context, l *event.Log) error {
		if l.Record.Message == "at work" {
			atWork <- struct{}{}
		}
		return nil
	})
	legion.On(d, func(context.Context, event.Started) error {
		go func() {
			ctx := context.Background()
			listening, other := work.Go(ctx, true), work.Go(ctx, false)
			<-atWork
			<-atWork
			for _, pid := range []int{listening.PID(), other.PID(), os.Getpid()} {
				_ = syscall.Kill(pid, sig)
			}
			fmt.Println(listening.Result())
			if err := os.WriteFile(os.Getenv("STRUCK_GATE"), nil, 0); err != nil {
				fmt.Println(err)
			}
			fmt.Println(other.Result())
			_ = d.Stop(ctx)
		}()
		return nil
	})
	if err := d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
	}
	fmt.Println("ended")
}

// A signal that reaches every process of a daemon, as systemd's default
// KillMode and pkill send it, disturbs no call: it is as if only the daemon had
// it.
func TestSignalToAllProcesses(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1} {
		t.Run(s.String(), func(t *testing.T) {
			gate := filepath.Join(t.TempDir(), "gate")
			if err := syscall.Mkfifo(gate, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv("STRUCK_GATE", gate)
			t.Setenv("STRUCK_BY", strconv.Itoa(int(s)))
			p := run(t, "struck")
			for _, want := range []string{s.String() + " <nil>", "<nil> <nil>", "ended"} {
				if got := p.line(); got != want {
					t.Fatalf("it says %q, want %q", got, want)
				}
			}
		})
	}
}

func TestSignalsThatCannotBeTaken(t *testing.T) {
	const system = legion.SignalSystem
	for _, c := range []struct {
		signal  syscall.Signal
		action  legion.SignalAction
		refused string // "": it is not
	}{
		{syscall.SIGKILL, legion.SignalEvent, "Config.Signals has SIGKILL, which cannot be handled"},
		{syscall.SIGKILL, system, "SIGKILL"},
		{syscall.SIGSTOP, legion.SignalIgnore, "SIGSTOP, which cannot be handled"},
		{syscall.SIGPROF, legion.SignalEvent, "never arrives"},
		{syscall.SIGURG, legion.SignalEvent, "goroutines"},
		{syscall.SIGURG, legion.SignalIgnore, "goroutines"},
		{syscall.SIGSEGV, legion.SignalDefault, "a fault of the program"},
		{syscall.SIGBUS, legion.SignalIgnore, "SIGBUS"},
		{syscall.SIGSTKFLT, legion.SignalEvent, "SIGSTKFLT"},
		{syscall.Signal(33), legion.SignalEvent, "C library"},
		{syscall.Signal(0), legion.SignalEvent, "no such signal"},
		{syscall.Signal(65), legion.SignalEvent, "no such signal"},
		{syscall.SIGCHLD, legion.SignalIgnore, "exit codes"},
		{syscall.SIGTERM, legion.SignalAction(9), "9 for SIGTERM, which is not an action"},
		{syscall.SIGCHLD, legion.SignalEvent, ""},
		{syscall.SIGSEGV, system, ""},
		{syscall.SIGQUIT, legion.SignalEvent, ""},
		{syscall.SIGPIPE, legion.SignalIgnore, ""},
		{syscall.Signal(40), legion.SignalEvent, ""},
	} {
		config := legion.Config{Name: "d", Signals: map[syscall.Signal]legion.SignalAction{c.signal: c.action}}
		said := func() (said string) {
			defer func() {
				if p := recover(); p != nil {
					said = fmt.Sprint(p)
				}
			}()
			legion.New(config)
			return ""
		}()
		if (said == "") != (c.refused == "") || !strings.Contains(said, c.refused) {
			t.Errorf("%v as %v: %q", c.signal, c.action, said)
		}
	}
}

// startingMain is a daemon whose Init says that it runs, and waits for a line:
// in the background for ever, whatever becomes of its context if it is deaf.
func startingMain() {
	c := quiet("starting")
	file := os.Getenv("STARTING_FILE")
	c.Background = file != ""
	d := legion.New(c)
	legion.Worker(d, "work", func(_ context.Context, n int) (int, error) { return n, nil }, legion.Pool{Max: 1})
	d.Init(func(ctx context.Context) error {
		switch {
		case file != "":
			_ = os.WriteFile(file+".new", fmt.Append(nil, os.Getpid()), 0o600)
			_ = os.Rename(file+".new", file)
			if os.Getenv("STARTING_DEAF") != "" {
				time.Sleep(time.Hour)
			}
			<-ctx.Done()
			return ctx.Err()
		default:
			fmt.Println("init")
			line := make(chan struct{})
			go func() { bufio.NewReader(os.Stdin).ReadString('\n'); close(line) }()
			select {
			case <-line:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	legion.On(d, func(context.Context, event.Reloaded) error { fmt.Println("reloaded"); return nil })
	legion.On(d, func(_ context.Context, e event.Failure) error { fmt.Println("error", e.Where, e.Err); return nil })
	if err := d.Run(context.Background()); err != nil {
		fmt.Println("failed", err)
	}
	fmt.Println("ended")
}

// ignoredAtStart are the signals that this process was started with ignored, as
// under nohup. What it starts ignores them too, also after another test has
// used package os/signal for them, which then calls them handled.
var ignoredAtStart = slices.DeleteFunc([]syscall.Signal{syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM},
	func(s syscall.Signal) bool { return !signal.Ignored(s) })

// A signal to the process that starts a daemon in the background ends the start
// at once, and nothing is left.
func TestInterruptedStartInBackground(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		deaf   string // whether Init does not look at its context
	}{{syscall.SIGINT, ""}, {syscall.SIGHUP, ""}, {syscall.SIGTERM, "1"}} {
		if slices.Contains(ignoredAtStart, c.signal) {
			t.Logf("%v is not tried: the tests run with it ignored (nohup), and so does what they start", c.signal)
			continue
		}
		file := filepath.Join(t.TempDir(), "pid")
		t.Setenv("STARTING_FILE", file)
		t.Setenv("STARTING_DEAF", c.deaf)
		p := run(t, "starting")
		var successor int
		await(t, func() bool {
			b, _ := os.ReadFile(file)
			successor, _ = strconv.Atoi(string(b))
			return successor > 0
		})
		fd := pidfd(t, successor)
		p.signal(c.signal)
		err := p.wait()
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 128+int(c.signal) {
			t.Errorf("%v: it ended with %v", c.signal, err)
		}
		if said := p.stderr.String(); !strings.Contains(said, "interrupted by "+event.Signal{Signal: c.signal}.Name()) || strings.Contains(said, "runs in the background") {
			t.Errorf("%v: it says %q", c.signal, said)
		}
		gone(t, fd)
	}
}

// A signal to a daemon that is starting: one that ends it ends the start, a
// reload comes after it, and is no error.
func TestSignalsDuringTheStart(t *testing.T) {
	p := run(t, "starting")
	p.hear("init")
	for range 2 {
		p.signal(syscall.SIGHUP)
	}
	p.signal(syscall.SIGCONT)
	p.say("go on")
	if line := p.line(); line != "reloaded" {
		t.Errorf("it says %q", line)
	}
	p.signal(syscall.SIGTERM)
	p.hear("ended")

	p = run(t, "starting")
	p.hear("init")
	p.signal(syscall.SIGTERM)
	if why := p.hear("failed"); !strings.Contains(why, legion.ErrStopped.Error()) {
		t.Errorf("it says %q", why)
	}
	p.hear("ended")
}
