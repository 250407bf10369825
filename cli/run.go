package cli

import (
	"context"
	"errors"
	"os"
	"slices"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

func runVerb(p *program) *verb {
	return &verb{
		group: lifeGroup, needs: aDaemon, starts: true,
		Command: Command{
			Name: "run", Short: "run the daemon here, or with -d in the background",
			Run: func(ctx context.Context, in *Invocation) error {
				return p.start(ctx, func(c *legion.Config) {
					if p.flags.background {
						c.Background = true
					}
					if p.flags.foreground {
						c.Background = false
					}
				})
			},
		},
	}
}

func startVerb(p *program) *verb {
	return &verb{
		group: lifeGroup, needs: aDaemon, starts: true,
		Command: Command{
			Name: "start", Short: "start the daemon in the background and return when it is ready",
			Run: func(ctx context.Context, in *Invocation) error {
				var hello legion.Hello
				err := in.Call(ctx, "daemon.hello", nil, &hello)
				in.close()
				absent := (*client.NotRunningError)(nil)
				switch {
				case err == nil && in.JSON:
					return in.print(hello)
				case err == nil:
					in.say("%s runs already, pid %d", hello.Name, hello.PID)
					return nil
				case !errors.As(err, &absent) && !errors.Is(err, errNoControl):
					return err
				}
				return p.startInBackground(ctx)
			},
		},
	}
}

// restartVerb stops the daemon and starts it with this command line; where the
// daemon's program is another one, or a service manager has started it, it asks the
// daemon.
func restartVerb(p *program) *verb {
	var o stopOptions
	return &verb{
		group: lifeGroup, needs: aServer, starts: p.daemon != nil,
		Command: Command{
			Name: "restart", Short: "stop the daemon and start it anew",
			Long:  "Calls in between find nobody; upgrade loses none.",
			Flags: o.register,
			Run: func(ctx context.Context, in *Invocation) error {
				if p.daemon == nil {
					return do(ctx, in, "daemon.restart", nil, "%s restarts", in.target)
				}
				var hello legion.Hello
				if err := in.Call(ctx, "daemon.hello", nil, &hello); err == nil && in.remote.local() && ofService(hello.PID, hello.Name) {
					return do(ctx, in, "daemon.restart", nil, "%s restarts as what it is, a service of systemd", hello.Name)
				}
				err := o.stop(ctx, in)
				if absent := (*client.NotRunningError)(nil); err != nil && !errors.As(err, &absent) {
					return err
				}
				return p.startInBackground(ctx)
			},
		},
	}
}

// startInBackground starts the daemon as the verb run would; this process ends
// when that is ready.
func (p *program) startInBackground(ctx context.Context) error {
	if p.flags.foreground {
		return usage("-f and the background exclude each other: %s run -f stays in the foreground", p.name)
	}
	return p.start(ctx, func(c *legion.Config) {
		c.Background = true
		if len(c.Command) == 0 {
			c.Command = p.runCommand()
		}
	})
}

// runCommand is this command line with the verb run: what starts the daemon in the
// background, and what an upgrade starts, is not to look for a daemon that runs.
func (p *program) runCommand() []string {
	executable, err := os.Executable()
	if err != nil {
		executable = os.Args[0]
	}
	command := append([]string{executable}, p.prefix...)
	command = append(command, "run")
	if p.flags.verbose {
		command = append(command, "-v")
	}
	if p.flags.hard {
		command = append(command, "-s")
	}
	return slices.Concat(command, p.flags.set.args())
}

// start runs the daemon, to its end if it stays in the foreground.
func (p *program) start(ctx context.Context, change func(*legion.Config)) error {
	if p.flags.background && p.flags.foreground {
		return usage("-d and -f exclude each other")
	}
	err := p.daemon.Configure(func(c *legion.Config) error {
		change(c)
		return nil
	})
	if err != nil {
		return &ExitError{ExitNotConfigured, err}
	}
	return p.daemon.Run(ctx)
}
