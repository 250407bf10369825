package cli

import (
	"context"
	"errors"
	"flag"
	"time"

	"github.com/legion-go/legion/client"
)

func stopVerb() *verb {
	var o stopOptions
	return &verb{
		group: lifeGroup, needs: aServer,
		Command: Command{
			Name: "stop", Short: "stop the daemon and wait until it is gone",
			Long: "Calls that run are finished first, as long as the daemon's StopTimeout allows. That\n" +
				"nothing runs is success.",
			Flags: o.register,
			Run: func(ctx context.Context, in *Invocation) error {
				err := o.stop(ctx, in)
				if absent := (*client.NotRunningError)(nil); errors.As(err, &absent) {
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

type stopOptions struct{ timeout time.Duration }

func (o *stopOptions) register(fs *flag.FlagSet) {
	fs.DurationVar(&o.timeout, "timeout", time.Minute, "how `long` to wait for the daemon's end")
}

// stop stops the daemon and waits until its connection has ended and its process
// is gone.
func (o *stopOptions) stop(ctx context.Context, in *Invocation) error {
	hello, err := o.wish(ctx, in, "daemon.stop", nil)
	if err != nil {
		return err
	}
	c, err := in.Client(ctx)
	if err != nil {
		return err
	}
	pid := 0
	if in.remote.local() {
		pid = hello.PID
	}
	gone, forget := watchProcess(pid)
	defer forget()
	ended := o.await(in, hello.Name+" finishes what it does", c.Done(), gone)
	select {
	case <-c.Done():
		if !ended {
			return exit(ExitFailed, "%s has closed its control socket, but its process, pid %d, has not ended within %v: "+
				"if it is part of a larger program, that must end when the daemon does (Wait returns then); kill -KILL %[2]d ends it at once",
				hello.Name, hello.PID, o.timeout)
		}
	default:
	}
	if !ended {
		return exit(ExitFailed, "%s, pid %d, has not ended within %v, and stops still: %s status shows what it waits for, "+
			"kill -KILL %d ends it and its workers at once", hello.Name, hello.PID, o.timeout, in.program.name, hello.PID)
	}
	in.say("%s has stopped", hello.Name)
	return nil
}

// await waits until all ends have come, and tells people meanwhile what happens and
// for how long. It reports whether they have come in time.
func (o *stopOptions) await(in *Invocation, what string, ends ...<-chan struct{}) bool {
	progress := in.program.stderr
	defer progress.over("")
	begun, limit, second := time.Now(), time.NewTimer(o.timeout), time.NewTicker(time.Second)
	defer limit.Stop()
	defer second.Stop()
	for _, end := range ends {
		for waiting := true; waiting; {
			select {
			case <-end:
				waiting = false
			case <-second.C:
				progress.over(what + " … " + span(time.Since(begun).Truncate(time.Second)))
			case <-limit.C:
				return false
			}
		}
	}
	return true
}
