package legion

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/concurrent"
)

// Reload reloads the daemon's state in the same process: it calls the handlers
// of Reload, reopens log files, reloads plugins, and replaces the workers one
// by one, so that they see the new state too. It returns when the new workers
// serve. If a step fails, the others are still done, and the error joins all
// failures: a pool whose replacements die three times in a row before they are
// ready keeps its old workers. Calls are not disturbed. Only one reload or
// upgrade runs at a time, and the next waits. Callers that request a reload
// while one waits share it: everything is read after the last of their
// requests. When ctx ends, Reload returns, but work that it waited for may
// continue. Run calls Reload on SIGHUP. On the loop, which takes part in it, it
// returns an error.
func (d *Daemon) Reload(ctx context.Context) error {
	if d.loop.OnLoop() {
		return fmt.Errorf("legion: reloading %s: it cannot be done on the loop, which takes part in it: use a goroutine", d.config.Name)
	}
	return d.whileReloading(d.succession.reload.Do(ctx, func(begun func()) error { return d.reloadInTurn(ctx, begun) }))
}

// whileReloading says in an error that a reload failed.
func (d *Daemon) whileReloading(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("legion: reloading %s: %w", d.config.Name, err)
}

// reloadInTurn reloads when no other change is under way.
func (d *Daemon) reloadInTurn(ctx context.Context, begun func()) (err error) {
	end, err := d.succession.changes.Enter(ctx, "a reload")
	if err != nil {
		return d.unlessStopped(err)
	}
	defer func() { end(err) }()
	begun()
	if err := d.life.MustRun(); err != nil {
		return err
	}
	d.log.Info("reloading")
	if err = d.unlessStopped(d.reload(ctx)); err == nil {
		d.log.Info("reloaded")
	}
	if keys := d.plugins.RestartNeeded(); len(keys) > 0 {
		d.log.Warn("changed settings take effect only after a restart or an upgrade", "settings", strings.Join(keys, ", "))
	}
	announce(d, event.Reloaded{Err: d.whileReloading(err)})
	return err
}

func (d *Daemon) reload(ctx context.Context) error {
	witness(d, event.Reload{})
	err := d.onLoop(ctx, func() error {
		_, err := d.events.bus.Emit(ctx, reflect.TypeFor[event.Reload](), event.Reload{})
		return err
	})
	if err != nil {
		err = fmt.Errorf("a handler of Reload: %w", err)
	}
	d.files().Restore(ctx)
	d.log.Reopen()
	errs := []error{err, d.plugins.Reload(ctx), d.reloadControl(ctx)}
	if err := d.declared.shared.Load(ctx, d.life.Closing()); err != nil {
		return errors.Join(append(errs, fmt.Errorf("the workers are not replaced: %w", err))...)
	}
	return errors.Join(append(errs, concurrent.All(d.declared.pools, func(p *declaredPool) error {
		if err := p.running.Load().Roll(ctx); err != nil {
			return fmt.Errorf("pool %s: replacing its workers: %w", p.name, err)
		}
		return nil
	}))...)
}

// unlessStopped returns err, as an ErrStopped if a stop or a restart caused it.
func (d *Daemon) unlessStopped(err error) error {
	if err == nil || d.life.Closing().Err() == nil || errors.Is(err, ErrStopped) {
		return err
	}
	return fmt.Errorf("%w meanwhile: %w", ErrStopped, err)
}
