package legion

import (
	"context"
	"errors"
	"fmt"

	"github.com/legion-go/legion/status"
)

// Restart stops the daemon and lets Run start it again with the same process
// id, with the program that is then at its path, or Config.Command. Running
// calls may finish, and new connections wait until the new program serves.
// Upgrade, where the process id may change, runs two processes at the same
// time, and no connection waits.
//
// The program is tried first: main runs up to Start in a process of its own. If
// it is missing, does not start or refuses its configuration, nothing changes,
// and the error says why. On the loop Restart does not wait for that: it
// returns at once, and a failure becomes a Failure event. A daemon started by
// Start, not by Run, cannot restart. A daemon that has switched to another user
// starts as that user, so it cannot reopen what needs root. Stop, and a signal
// that stops, override a restart that is under way.
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

// restartBy restarts on request.
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

// mayRestart returns an error if the daemon cannot restart.
func (d *Daemon) mayRestart() error {
	if err := d.plugins.MayRestart(); err != nil {
		return fmt.Errorf("legion: restarting %s: %w", d.config.Name, err)
	}
	return d.runs()
}

// runs returns an error if this process cannot execute the next program.
func (d *Daemon) runs() error {
	if d.life.Embedded() {
		return errors.New("legion: this daemon is part of another program (Start, not Run), which must restart it itself")
	}
	return nil
}

// again begins a stop after which Run restarts. It returns the next release.
func (d *Daemon) again(ctx context.Context, why string) (status.Release, error) {
	next, err := d.try(ctx)
	if err != nil {
		return next, fmt.Errorf("the daemon goes on as before: %w", err)
	}
	return next, d.life.Rerun(why, d.stopDeadline())
}
