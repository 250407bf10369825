package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/status"
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
				hello, err := in.settledDaemon(ctx)
				in.close()
				absent := (*client.NotRunningError)(nil)
				switch {
				case err == nil && in.JSON:
					return in.printHello(ctx)
				case err == nil:
					in.say("%s runs already, pid %d", hello.Name, hello.PID)
					return nil
				case !errors.As(err, &absent) && !errors.Is(err, errNoControl):
					return err
				}
				return p.startInBackground(ctx, in)
			},
		},
	}
}

// settledDaemon returns the running daemon. It waits for one that starts or
// stops: only then it is known whether one runs.
func (in *Invocation) settledDaemon(ctx context.Context) (status.Hello, error) {
	for by := time.Now().Add(time.Minute); ; in.redial() {
		hello, err := in.settled(ctx, by)
		if !errors.Is(err, client.ErrClosed) {
			return hello, err
		}
	}
}

// restartVerb asks the daemon to start again with the arguments that it was
// started with. Only if this command line says how to start it, restartVerb
// stops the daemon and starts it with these arguments.
func restartVerb(p *program) *verb {
	var o stopOptions
	return &verb{
		group: lifeGroup, needs: aServer, starts: p.daemon != nil,
		Command: Command{
			Name: "restart", Short: "stop the daemon and start it again",
			Long: "It keeps the flags that it was started with, unless flags are given here. Calls in\n" +
				"between fail; upgrade loses none.",
			Flags: o.register,
			Run: func(ctx context.Context, in *Invocation) error {
				if p.daemon == nil {
					return o.restart(ctx, in)
				}
				hello, err := in.settledDaemon(ctx) // another restart may be under way
				absent := (*client.NotRunningError)(nil)
				switch {
				case err == nil && !p.saysHowToStart():
					err = o.restart(ctx, in)
					if !errors.As(err, &absent) {
						return err
					}
				case err == nil && ofService(in.remote.process(hello.PID), hello.Name):
					return usage("%s is a service of systemd, whose unit says how it is started: restart it without flags, or write a new unit", hello.Name)
				case err == nil && hello.PIDStays != "":
					return usage("%s keeps its process id: %s. The process that started it would not find the new one, so it cannot be stopped and started with other flags from here: restart it without flags, or start it again where it was started", hello.Name, hello.PIDStays)
				case err == nil:
					if err := p.checkConfig(); err != nil {
						return fmt.Errorf("%s goes on as it was: %w", hello.Name, err)
					}
					err = o.stop(ctx, in)
				}
				if err != nil && !errors.As(err, &absent) {
					return err
				}
				if err := p.checkConfig(); err != nil {
					return err
				}
				return p.startInBackground(ctx, in)
			},
		},
	}
}

// saysHowToStart reports whether the command line has flags of a start, or the
// program's own.
func (p *program) saysHowToStart() bool {
	return len(p.prefix) > 0 || len(p.flags.set) > 0 || p.flags.starts()
}

// restart asks the daemon to start again, and waits until it runs.
func (o *stopOptions) restart(ctx context.Context, in *Invocation) error {
	before, err := o.wish(ctx, in, "daemon.restart", nil)
	if err != nil {
		return err
	}
	now, err := o.follow(ctx, in, before)
	if err != nil {
		return err
	}
	if in.JSON {
		return in.printHello(ctx)
	}
	in.say("%s runs again, pid %d", now.Name, now.PID)
	return nil
}

// startInBackground starts the daemon as the verb run would; this process ends
// when the daemon is ready.
func (p *program) startInBackground(ctx context.Context, in *Invocation) error {
	if p.flags.foreground {
		return usage("-f and the background exclude each other: %s run -f stays in the foreground", p.name)
	}
	if in.JSON {
		return in.startAndPrint(ctx)
	}
	return p.start(ctx, func(c *legion.Config) {
		c.Background = true
		if len(c.Command) == 0 {
			c.Command = p.runCommand()
		}
	})
}

// runCommand is this command line with the verb run: the process that a start
// in the background or an upgrade starts must not look for a running daemon.
func (p *program) runCommand() []string {
	return slices.Concat([]string{legion.Program()}, p.prefix, []string{"run"}, p.startFlags())
}

// startFlags are the flags of this command line that say how to start.
func (p *program) startFlags() (flags []string) {
	if p.flags.verbose {
		flags = append(flags, "-v")
	}
	if p.flags.hard {
		flags = append(flags, "-s")
	}
	return append(flags, p.flags.set.args()...)
}

// start runs the daemon. In the foreground it returns when the daemon has
// ended.
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
