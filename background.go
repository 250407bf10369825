package legion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/logstream"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/sockets"
	"github.com/legion-go/legion/internal/takeover"
)

// command is what an upgrade, and a start into the background, execute.
func (d *Daemon) command() (path string, args []string) {
	if c := d.config.Command; len(c) > 0 {
		return c[0], c
	}
	args = proc.Args()
	if len(args) > 0 && filepath.Base(args[0]) == filepath.Base(executable) {
		args[0] = executable // so that the next process knows the path, too
	}
	return executable, args
}

// goToBackground starts the daemon again as a process without a terminal, waits
// until it is ready, and ends this one: with code 0, or with the code of the
// process and its reason on standard error. A signal that ends programs, or the
// end of ctx, ends the start. It returns in the started process, and if there is
// nothing to do.
func (d *Daemon) goToBackground(ctx context.Context) {
	if !d.config.Background || takeover.Inherited() != nil {
		return
	}
	ctx, uncaught := interruptible(ctx)
	defer uncaught()
	path, args := d.command()
	// The working directory stays: paths of the configuration may be relative to it.
	successor, err := takeover.Start(ctx, takeover.Spec{
		Path: path, Args: args, Env: host.CleanEnv(successorEnv(), host.Current()), Kind: takeover.Background, Detach: true,
		Interrupt: interruptGrace,
	})
	if by := (*interrupted)(nil); err != nil && errors.As(context.Cause(ctx), &by) {
		fmt.Fprintf(os.Stderr, "legion: starting %s in the background: %v; nothing is left of it\n", d.config.Name, by)
		os.Exit(128 + int(by.signal)) // as shells say it
	}
	if failed := (*takeover.Failed)(nil); errors.As(err, &failed) {
		for _, line := range failed.Output {
			fmt.Fprintln(os.Stderr, line)
		}
		if said := strings.Join(failed.Output, "\n"); !strings.Contains(said, strings.TrimPrefix(failed.Message, "legion: ")) { // most programs print it themselves
			fmt.Fprintln(os.Stderr, failed.Message)
		}
		os.Exit(failed.Code)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "legion: starting %s in the background: %v\n", d.config.Name, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stderr, "%s runs in the background, pid %d\n", d.config.Name, successor.PID())
	if d.config.Logger == nil && d.config.LogFormat != logs.Journal && (d.config.LogFile == "" || logstream.Standard(d.config.LogFile) != nil) {
		fmt.Fprintln(os.Stderr, "its log goes nowhere but to those who follow it on the control socket: set Config.LogFile, or Config.LogFormat to \"journal\"")
	}
	os.Exit(0)
}

// interruptGrace is how long a process that was to become the daemon has for
// cleaning up when its start is interrupted.
const interruptGrace = time.Second

// interrupted is the cause of a context that a signal has ended.
type interrupted struct{ signal syscall.Signal }

func (i *interrupted) Error() string {
	return "interrupted by " + event.Signal{Signal: i.signal}.Name()
}

// interruptible returns a context that ends at a signal which would end this
// process, and what undoes that. A signal that is ignored, as nohup does with
// SIGHUP, stays so.
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

// successorEnv is the environment of this process without what package config
// hands to workers: a new process reads the configuration itself.
func successorEnv() (env []string) {
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "_LEGION_") {
			env = append(env, e)
		}
	}
	return env
}

// tellPredecessor tells the process that started this one, if one did, how the
// start went, and returns when it may serve.
func (d *Daemon) tellPredecessor(err error) error {
	h := takeover.Inherited()
	if h == nil {
		return nil
	}
	if err != nil {
		h.Fail(1, err.Error())
		return nil
	}
	d.left = sockets.Left(h.Names()) // which Ready closes
	if h.Kind == takeover.Upgrade {
		h.Tell(releaseText(d.release()))
	}
	err = h.Ready()
	d.accepted.Store(err == nil && h.Kind == takeover.Upgrade)
	return err
}
