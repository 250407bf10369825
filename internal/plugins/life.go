package plugins

import (
	"context"
	"errors"
	"fmt"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/concurrent"
	"github.com/legion-go/legion/plugin"
)

func start(ctx context.Context, p Plugin) error {
	if s, ok := p.(plugin.Starter); ok {
		return bus.Protect(func() error { return s.Start(ctx) })
	}
	return nil
}

// Start starts the plugins that are made, in order, until the first error.
func (s *Set) Start(ctx context.Context) error {
	for _, e := range s.all {
		made, started := e.state()
		if made == nil || started {
			continue
		}
		if err := start(ctx, made); err != nil {
			return fmt.Errorf("plugin %s: %w", e.name, err)
		}
		e.set(made, true)
	}
	return nil
}

// Stop stops the started plugins, in reverse order. It abandons a plugin that
// does not return before ctx ends; one that has its turn only after that has a
// moment, for it may return at once.
func (s *Set) Stop(ctx context.Context) (errs []error) {
	for i := len(s.all) - 1; i >= 0; i-- {
		e := s.all[i]
		made, started := e.state()
		p, ok := made.(plugin.Stopper)
		if !started || !ok {
			continue
		}
		e.set(made, false)
		if err := stop(ctx, p); err != nil {
			errs = append(errs, fmt.Errorf("plugin %s: %w", e.name, err))
		}
	}
	return errs
}

func stop(ctx context.Context, p plugin.Stopper) error {
	over := ctx.Done()
	if ctx.Err() != nil {
		moment, done := context.WithTimeout(context.Background(), concurrent.EndGrace)
		defer done()
		over = moment.Done()
	}
	select {
	case err := <-bus.Apart(func() error { return p.Stop(ctx) }):
		return err
	case <-over:
		return errors.New("it did not stop in time")
	}
}

// Reload reloads the plugins that are a plugin.Reloader, in order, despite
// errors of others.
func (s *Set) Reload(ctx context.Context) error {
	var errs []error
	for _, e := range s.all {
		if err := e.reload(ctx); err != nil {
			errs = append(errs, fmt.Errorf("plugin %s: %w", e.name, err))
		}
	}
	return errors.Join(errs...)
}

// reload reloads the plugin if it is a plugin.Reloader. It abandons a reload
// that does not return before ctx ends; the next reload waits for it.
func (e *entry) reload(ctx context.Context) error {
	made, _ := e.state()
	r, ok := made.(plugin.Reloader)
	if !ok {
		return nil
	}
	select {
	case e.reloads <- struct{}{}:
	default:
		select {
		case e.reloads <- struct{}{}:
		case <-ctx.Done():
			return fmt.Errorf("its previous reload has not ended: %w", context.Cause(ctx))
		}
	}
	done := bus.Apart(func() error {
		defer func() { <-e.reloads }()
		return r.Reload(ctx)
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done: // it obeyed ctx, or ended at the same time
		return err
	default:
		return fmt.Errorf("its reload has not ended: %w", context.Cause(ctx))
	}
}
