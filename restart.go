package legion

import (
	"context"
	"errors"
	"fmt"

	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

// Restart stops the daemon and has Run start it anew in the same process id,
// with the program that then stands at its path, or Config.Command. Calls that
// run are finished, and new connections wait until the new one serves: Upgrade,
// where the process id may change, has two processes at the same time, and none
// waits.
//
// The program is tried first: main runs up to Start in a process of its own. If
// it is missing, does not start or refuses its configuration, nothing has
// changed, and the error says why; on the loop, which would wait for that,
// Restart returns at once, and it is a Failure event. A daemon that was started
// by Start, not by Run, cannot do it. One that has become another user starts
// as that user, so what needs root cannot be opened anew. Stop, and a signal
// that stops, count more than a restart that is under way.
func (d *Daemon) Restart() error {
	if d.loop.OnLoop() {
		if err := d.mayRestart(); err != nil {
			return err
		}
		d.aside("restart", func(ctx context.Context) error { return d.restartBy(ctx, "Restart") })
		return nil
	}
	return d.restartBy(d.life.Closing(), "Restart")
}

// restartBy restarts because of a wish.
func (d *Daemon) restartBy(ctx context.Context, who string) error {
	if err := d.mayRestart(); err != nil {
		return err
	}
	err := d.change(ctx, "a restart", func(ctx context.Context) error {
		_, err := d.again(ctx, "a restart was asked for by "+who)
		return err
	})
	if err != nil {
		return fmt.Errorf("legion: restarting %s: %w", d.config.Name, err)
	}
	return nil
}

// mayRestart says why the daemon cannot restart.
func (d *Daemon) mayRestart() error {
	for name, r := range plugins.Each[plugin.RestartGuard](&d.plugins) {
		if err := r.MayRestart(); err != nil {
			return fmt.Errorf("legion: restarting %s: plugin %s: %w", d.config.Name, name, err)
		}
	}
	return d.runs()
}

// runs says why the next program cannot be executed in this process.
func (d *Daemon) runs() error {
	if !d.life.Ran() {
		return errors.New("legion: this daemon is part of another program (Start, not Run), which must restart it itself")
	}
	return nil
}

// again has Run start the daemon anew when it has stopped, which it begins to.
// It returns what it starts.
func (d *Daemon) again(ctx context.Context, why string) (status.Release, error) {
	next, err := d.try(ctx)
	if err != nil {
		return next, fmt.Errorf("the daemon goes on as before: %w", err)
	}
	return next, d.life.Rerun(why, d.stopDeadline())
}
