package legion

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/logstream"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/sockets"
	"github.com/legion-go/legion/internal/takeover"
)

// command returns the command that an upgrade and a start into the background
// execute.
func (d *Daemon) command() (path string, args []string) {
	if c := d.config.Command; len(c) > 0 {
		return c[0], c
	}
	args = proc.Args()
	if len(args) > 0 && filepath.Base(args[0]) == filepath.Base(executable) {
		args[0] = executable // the next process must know the path, too
	}
	return executable, args
}

// goToBackground starts the daemon again as a process without a terminal, waits
// until it is ready, and ends this one: with code 0, or with that process's
// code and its error on standard error. A signal that ends programs, or the end
// of ctx, ends the start. It returns in the started process, and without
// Config.Background.
func (d *Daemon) goToBackground(ctx context.Context) {
	if !d.config.Background || takeover.Inherited() != nil {
		return
	}
	path, args := d.command()
	// The working directory must not change: paths of the configuration may be
	// relative to it.
	unlogged := d.config.Logger == nil && d.config.LogFormat != logs.Journal && (d.config.LogFile == "" || logstream.Standard(d.config.LogFile) != nil)
	code, words := takeover.StartInBackground(ctx, d.config.Name, unlogged, takeover.Spec{
		Path: path, Args: args, Env: host.CleanEnv(takeover.Environ(), host.Current()),
	})
	for _, line := range words {
		fmt.Fprintln(os.Stderr, line)
	}
	os.Exit(code)
}

// tellPredecessor reports the result of the start to the process that started
// this one, if any, and returns when this one may serve.
func (d *Daemon) tellPredecessor(err error) error {
	h := takeover.Inherited()
	if h == nil {
		return nil
	}
	if err != nil {
		h.Fail(1, err.Error())
		return nil
	}
	d.succession.left = sockets.Left(h.Names()) // which Ready closes
	told := d.succession.lack
	if h.Kind == takeover.Upgrade {
		told = releaseText(d.release())
	}
	h.Tell(told)
	err = h.Ready()
	d.succession.accepted.Store(err == nil && h.Kind == takeover.Upgrade)
	return err
}
