package legion

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/legion-go/legion/event"
)

// Reload reads again what can be read again, in the same process: Reload
// handlers are called, log files opened anew, plugins reloaded, and the workers
// replaced one by one, so that they see the new state too. It returns when the
// new workers serve. What fails is told by the error, and the rest done all the
// same: a pool whose replacements die three times in a row before they are ready
// keeps its old workers. Calls are not disturbed. There is one reload or upgrade
// at a time, and the next waits. Those who ask for a reload while one waits share
// it: what there is to read is read after all of them have asked. When ctx ends,
// Reload returns; what it was
// waiting for may go on. Run does it on SIGHUP. It must not be called on
// the loop, which has a part in it.
func (d *Daemon) Reload(ctx context.Context) error {
	if d.loop.OnLoop() {
		return fmt.Errorf("legion: reloading %s: not on the loop, which has a part in it: use a goroutine", d.config.Name)
	}
	for {
		next, first := d.nextReload()
		if first {
			next.err = d.reloadInTurn(ctx, next)
			next.givenUp = ctx.Err() != nil
			close(next.over)
			return next.err
		}
		select {
		case <-next.over:
			if !next.givenUp {
				return next.err
			}
		case <-ctx.Done():
			return fmt.Errorf("legion: reloading %s: waiting with others for their reload: %w", d.config.Name, context.Cause(ctx))
		}
	}
}

// sharedReload is a reload that waits for its turn. Who asks for one meanwhile
// waits for its end, too.
type sharedReload struct {
	over    chan struct{} // closed at its end, when the rest is set
	err     error
	givenUp bool // the context of the one who does it has ended: the others do it themselves
}

// nextReload returns the reload that waits for its turn. first reports whether it
// is for the caller to do.
func (d *Daemon) nextReload() (next *sharedReload, first bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reloadNext == nil {
		d.reloadNext, first = &sharedReload{over: make(chan struct{})}, true
	}
	return d.reloadNext, first
}

// closeReload has those who ask from now on wait for another reload.
func (d *Daemon) closeReload(r *sharedReload) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.reloadNext == r {
		d.reloadNext = nil
	}
}

// reloadInTurn reloads when no other change is under way.
func (d *Daemon) reloadInTurn(ctx context.Context, shared *sharedReload) error {
	defer d.closeReload(shared)
	end, err := d.turn.Enter(ctx, "a reload")
	if err != nil {
		return fmt.Errorf("legion: reloading %s: %w", d.config.Name, d.unlessStopped(err))
	}
	defer end()
	d.closeReload(shared)
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
	announce(d, event.Reloaded{Err: err})
	return err
}

func (d *Daemon) reload(ctx context.Context) error {
	witness(d, event.Reload{})
	err := d.onLoop(ctx, func() error {
		_, err := d.bus.Emit(ctx, reflect.TypeFor[event.Reload](), event.Reload{})
		return err
	})
	if err != nil {
		err = fmt.Errorf("a handler of Reload: %w", err)
	}
	d.restoreMissing(ctx)
	d.log.Reopen()
	errs := []error{err, d.plugins.Reload(ctx), d.reloadControl(ctx)}
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
		return notRunning(fmt.Sprintf("process %d has taken over", d.replaced))
	case d.state == stopping && d.rerun:
		return notRunning("the daemon is about to restart")
	case d.state == stopping:
		return notRunning("the daemon is stopping")
	case d.state == starting:
		return notRunning("the daemon is still starting")
	case d.state != running:
		return notRunning("the daemon does not run")
	}
	return nil
}

// notRunning says why something cannot be done now. It matches ErrStopped.
type notRunning string

func (n notRunning) Error() string { return string(n) }

// Is makes it match ErrStopped.
func (n notRunning) Is(target error) bool { return target == ErrStopped }
