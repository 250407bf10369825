package legion

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Reload is emitted when Daemon.Reload begins.
type Reload struct{}

// Reloaded is emitted when Daemon.Reload has ended.
type Reloaded struct{ Err error }

// Reload reads again what can be read again, in the same process: Reload
// handlers are called, log files opened anew, plugins reloaded, and the workers
// replaced one by one, so that they see the new state too. It returns when the
// new workers serve. What fails is told by the error, and the rest done all the
// same: a pool whose replacements die three times in a row before they are ready
// keeps its old workers. Calls are not disturbed. There is one reload or upgrade
// at a time, and the next waits. When ctx ends, Reload returns; what it was
// waiting for may go on. Run does it on SIGHUP. It must not be called on
// the loop, which has a part in it.
func (d *Daemon) Reload(ctx context.Context) error {
	if d.loop.OnLoop() {
		return fmt.Errorf("legion: reloading %s: not on the loop, which has a part in it: use a goroutine", d.config.Name)
	}
	end, err := d.beginChange(ctx, "a reload")
	if err != nil {
		return fmt.Errorf("legion: reloading %s: %w", d.config.Name, d.unlessStopped(err))
	}
	defer end()
	if err := d.mustRun(); err != nil {
		return fmt.Errorf("legion: reloading %s: %w", d.config.Name, err)
	}
	d.log.Info("reloading")
	err = d.unlessStopped(d.reload(ctx))
	if err != nil {
		err = fmt.Errorf("legion: reloading %s: %w", d.config.Name, err)
	} else {
		d.log.Info("reloaded")
	}
	if keys := d.restartNeeded(); len(keys) > 0 {
		d.log.Warn("settings have changed that are in force after a restart or an upgrade only", "settings", strings.Join(keys, ", "))
	}
	announce(d, Reloaded{Err: err})
	return err
}

func (d *Daemon) reload(ctx context.Context) error {
	witness(d, Reload{})
	err := d.onLoop(ctx, func() error {
		_, err := d.bus.Emit(ctx, reflect.TypeFor[Reload](), Reload{})
		return err
	})
	if err != nil {
		err = fmt.Errorf("a handler of Reload: %w", err)
	}
	d.restoreMissing(ctx)
	d.reopenLogs()
	errs := []error{err, d.reloadPlugins(ctx), d.reloadControl(ctx)}
	rolled := make(chan error, len(d.pools))
	for _, p := range d.pools {
		go func() {
			err := p.running.Load().Roll(ctx)
			if err != nil {
				err = fmt.Errorf("pool %s: replacing its workers: %w", p.name, err)
			}
			rolled <- err
		}()
	}
	for range d.pools {
		errs = append(errs, <-rolled)
	}
	return errors.Join(errs...)
}

// unlessStopped returns err, which is ErrStopped if a stop, or a restart, has ended
// what failed.
func (d *Daemon) unlessStopped(err error) error {
	if err == nil || d.closing.Err() == nil || errors.Is(err, ErrStopped) {
		return err
	}
	return fmt.Errorf("%w meanwhile: %w", ErrStopped, err)
}

// mustRun returns an error if the daemon does not run.
func (d *Daemon) mustRun() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.mustRunLocked()
}

func (d *Daemon) mustRunLocked() error {
	switch {
	case d.replaced != 0:
		return fmt.Errorf("%w: process %d has taken over", ErrStopped, d.replaced)
	case d.state == stopping && d.rerun:
		return fmt.Errorf("%w: it restarts", ErrStopped)
	case d.state != running:
		return fmt.Errorf("%w: it does not run", ErrStopped)
	}
	return nil
}
