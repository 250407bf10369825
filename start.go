package legion

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Start starts the daemon and returns when Init has run and every pool has the
// workers that it always keeps, or with the reason why not; then nothing is left
// running. ctx bounds the start alone. In a worker process Start never returns.
func (d *Daemon) Start(ctx context.Context) error {
	if d.isWorker() {
		d.serve()
	}
	if err := d.mayStart(); err != nil {
		return err
	}
	live, cancel := context.WithCancel(context.WithValue(context.Background(), onLoop{}, d))
	d.mu.Lock()
	d.cancel = cancel
	d.mu.Unlock()
	go func() {
		defer close(d.loopEnd)
		_ = d.loop.Run(context.Background()) // an error would be that of a second Run
	}()
	err := d.startUp(ctx, live)
	d.mu.Lock()
	asked := d.state == stopping // Stop came while it started
	if err == nil && !asked {
		d.state = running
	}
	d.mu.Unlock()
	switch {
	case err != nil:
		d.begin(nil)
		<-d.stopped
		return fmt.Errorf("legion: starting %s: %w", d.config.Name, err)
	case asked:
		<-d.stopped
		return fmt.Errorf("legion: starting %s: %w while it started", d.config.Name, ErrStopped)
	}
	d.log.Info("started", "pid", os.Getpid())
	return nil
}

// mayStart begins the start, once.
func (d *Daemon) mayStart() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != declared {
		return fmt.Errorf("legion: starting %s: it has been started before; a daemon starts once", d.config.Name)
	}
	if err := d.refuseToFork(); err != nil {
		return err
	}
	d.state = starting
	return nil
}

// startUp is the order of a start.
func (d *Daemon) startUp(ctx, live context.Context) error {
	for _, fn := range d.init {
		if err := d.onLoop(ctx, func() error { return fn(live) }); err != nil {
			return fmt.Errorf("Init: %w", err)
		}
	}
	errs := make(chan error, len(d.pools))
	for _, p := range d.pools {
		p.running.Store(d.newPool(p))
	}
	for _, p := range d.pools {
		go func() {
			err := p.running.Load().Start(ctx)
			if err != nil {
				err = fmt.Errorf("pool %s: %w", p.name, err)
			}
			errs <- err
		}()
	}
	var all []error
	for range d.pools {
		all = append(all, <-errs)
	}
	if err := errors.Join(all...); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.ticks {
		d.tickers = append(d.tickers, d.loop.Every(t.interval, func() {
			if live.Err() != nil {
				return // stopping
			}
			if err := t.fn(live); err != nil && live.Err() == nil {
				d.log.Error("a function of the loop failed", "err", err)
			}
		}))
	}
	return nil
}
