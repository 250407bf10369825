package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
)

func stopVerb() *verb {
	var o stopOptions
	return &verb{
		group: lifeGroup, needs: aServer,
		Command: Command{
			Name: "stop", Short: "stop the daemon and wait until it is gone",
			Long: "Running calls are finished first, within the daemon's StopTimeout. It is a success\n" +
				"if the daemon does not run, but an error if no daemon of that name is known.\n\n" +
				"With --force a daemon that does not answer, or has not ended in time, is killed, and its\n" +
				"workers with it. On a terminal you are asked before.",
			Flags: func(fs *flag.FlagSet) {
				o.register(fs)
				fs.BoolVar(&o.force, "force", false, "kill it if it does not answer, or does not end in time")
			},
			Run: func(ctx context.Context, in *Invocation) error {
				err := o.stop(ctx, in)
				if absent := (*client.NotRunningError)(nil); errors.As(err, &absent) && in.knows(absent) {
					if in.JSON {
						return in.print(false)
					}
					in.say("%s is not running", in.remote.name())
					return nil
				}
				if err == nil && in.JSON {
					return in.print(true)
				}
				return err
			},
		},
	}
}

// knows reports whether the absent daemon is known, so that its name is not
// mistyped: this is its own program, or its folder exists.
func (in *Invocation) knows(absent *client.NotRunningError) bool {
	if len(absent.Others) > 0 {
		return false
	}
	if in.program.daemon != nil {
		return true
	}
	for _, socket := range absent.Tried {
		if _, err := os.Stat(filepath.Dir(socket)); err == nil && strings.HasPrefix(socket, "/") {
			return true
		}
	}
	return false
}

// stopOptions are the options of verbs that wait for a change of the daemon.
type stopOptions struct {
	timeout time.Duration
	force   bool
}

func (o *stopOptions) register(fs *flag.FlagSet) {
	fs.DurationVar(&o.timeout, "timeout", time.Minute, "how long to wait for the daemon's end")
}

// stop stops the daemon and waits until its connection has ended and its
// process is gone.
func (o *stopOptions) stop(ctx context.Context, in *Invocation) error {
	hello, err := o.wish(ctx, in, "daemon.stop", nil)
	if silent, ok := silence(err); ok && o.force {
		return o.kill(in, silent, err)
	}
	if err != nil {
		return err
	}
	c, err := in.Client(ctx)
	if err != nil {
		return err
	}
	pid := in.remote.process(hello.PID)
	gone, forget := watchProcess(pid)
	defer forget()
	if err := o.awaitEnd(in, hello, c.Done(), gone); err != nil {
		if o.force {
			return o.kill(in, pid, err)
		}
		return err
	}
	in.say("%s has stopped", hello.Name)
	return nil
}

// awaitEnd waits until the daemon has closed its connection, and its process is
// gone. The daemon may be a part of a larger program, which goes on without it.
func (o *stopOptions) awaitEnd(in *Invocation, hello status.Hello, closed, gone <-chan struct{}) error {
	who, doing := fmt.Sprintf("%s, pid %d,", hello.Name, hello.PID), "finishes its work"
	progress := in.progress()
	defer progress.end()
	limit := time.NewTimer(o.timeout)
	defer limit.Stop()
	for closed != nil || gone != nil {
		select {
		case <-closed:
			closed, doing = nil, "has closed its control socket, and ends"
			if hello.Embedded {
				doing = "has stopped, but its process goes on: it is part of a larger program, which must end when the daemon does (Wait returns then)"
			}
			progress.again()
		case <-gone:
			gone = nil
		case <-progress.tick:
			progress.show(who + " " + doing)
		case <-limit.C:
			next := in.verbLine("status") + " shows what it waits for"
			if in.remote.process(hello.PID) > 0 {
				next += ", " + in.verbLine("stop --force") + " ends the process and its workers at once"
			}
			return exit(ExitFailed, "%s has not ended within %v: it %s; %s", who, o.timeout, doing, next)
		}
	}
	return nil
}
