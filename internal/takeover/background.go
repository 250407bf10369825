package takeover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// interruptGrace is how long the new process may take to clean up when its
// start is interrupted.
const interruptGrace = time.Second

// StartInBackground starts a daemon as a process without a terminal, and waits
// until it is ready. A signal that ends programs, or the end of ctx, ends the
// start. It returns the exit code of this process and what to print: if the
// code is 0, which process is the daemon, and what that has told. unlogged says
// that the daemon's log goes nowhere but to clients.
func StartInBackground(ctx context.Context, daemon string, unlogged bool, s Spec) (code int, words []string) {
	ctx, uncaught := interruptible(ctx)
	defer uncaught()
	s.Kind, s.Detach, s.Interrupt = Background, true, interruptGrace
	successor, err := Start(ctx, s)
	failed, by := (*Failed)(nil), (*interrupted)(nil)
	switch {
	case err == nil:
		words = []string{fmt.Sprintf("%s runs in the background, pid %d", daemon, successor.PID())}
		reader := "only clients that follow it on the control socket see"
		if told := successor.Told(); told != "" {
			words, reader = append(words, told), "nobody sees"
		}
		if unlogged {
			words = append(words, reader+` its log: set Config.LogFile, or Config.LogFormat to "journal"`)
		}
		return 0, words
	case errors.As(context.Cause(ctx), &by):
		return 128 + int(by.signal), // as shells do
			[]string{fmt.Sprintf("legion: starting %s in the background: %v; no process is left", daemon, by)}
	case errors.As(err, &failed):
		words = failed.Output
		if said := strings.Join(words, "\n"); !strings.Contains(said, strings.TrimPrefix(failed.Message, "legion: ")) { // most programs print the message themselves
			words = append(words, failed.Message)
		}
		return failed.Code, words
	}
	return 1, []string{fmt.Sprintf("legion: starting %s in the background: %v", daemon, err)}
}

// interrupted is the cause of a context that a signal ended.
type interrupted struct{ signal syscall.Signal }

func (i *interrupted) Error() string { return "interrupted by " + unix.SignalName(i.signal) }

// interruptible returns a context that ends at a signal that would end this
// process, and a function that undoes this. A signal that is ignored, as SIGHUP
// under nohup, stays ignored.
func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	go func() {
		select {
		case s := <-signals:
			cancel(&interrupted{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}
