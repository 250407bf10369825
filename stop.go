package legion

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/pool"
)

// Wait waits until the daemon has stopped and returns what went wrong with that,
// or nil. Before Start it returns at once.
func (d *Daemon) Wait() error {
	d.mu.Lock()
	idle := d.state == declared
	d.mu.Unlock()
	if idle {
		return fmt.Errorf("legion: waiting for %s: it has not been started", d.config.Name)
	}
	<-d.stopped
	return d.endErr
}

// Stop stops the daemon and waits until nothing of it is left: calls that run are
// finished, those that are not done when little of StopTimeout is left are
// cancelled, and workers that do not end are killed. When ctx ends, it does not
// wait for calls any longer. Called with the context of a callback, that is on
// the loop, it only begins to stop. It may be called again, and before Start,
// which then fails.
func (d *Daemon) Stop(ctx context.Context) error {
	if ctx.Value(onLoop{}) == d {
		d.begin(nil)
		return nil
	}
	d.begin(nil)
	select {
	case <-d.stopped:
	case <-ctx.Done():
		d.hasten()
		<-d.stopped
	}
	return d.endErr
}

// hasten ends the patience of a stop.
func (d *Daemon) hasten() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.hurry:
	default:
		close(d.hurry)
	}
}

// begin begins to stop, once.
func (d *Daemon) begin(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.state {
	case declared:
		d.state = ended
		close(d.stopped)
	case starting, running:
		d.state, d.stopWhy = stopping, why
		go d.shutDown()
	}
}

// shutDown is the order of a stop.
func (d *Daemon) shutDown() {
	deadline := time.Now().Add(d.config.StopTimeout)
	d.mu.Lock()
	cancel, pools := d.cancel, d.pools
	errs := []error{d.stopWhy}
	d.mu.Unlock()
	if cancel != nil {
		cancel() // the loop's callbacks are to end
	}
	d.stopPools(pools, deadline)
	ctx, done := context.WithDeadline(context.WithValue(context.Background(), onLoop{}, d), deadline.Add(time.Second))
	defer done()
	for i := len(d.teardown) - 1; i >= 0 && cancel != nil; i-- {
		if err := d.onLoop(ctx, func() error { return d.teardown[i](ctx) }); err != nil {
			errs = append(errs, fmt.Errorf("Teardown: %w", err))
		}
	}
	d.loop.Stop()
	if cancel != nil {
		select {
		case <-d.loopEnd:
		case <-ctx.Done():
			errs = append(errs, errors.New("a function of the loop has not ended"))
		}
	}
	for _, f := range d.ending {
		errs = append(errs, f())
	}
	if err := errors.Join(errs...); err != nil {
		d.endErr = fmt.Errorf("legion: stopping %s: %w", d.config.Name, err)
	}
	d.log.Info("stopped")
	d.mu.Lock()
	d.state = ended
	d.mu.Unlock()
	close(d.stopped)
}

// stopPools stops all pools at the same time.
func (d *Daemon) stopPools(pools []*declaration, deadline time.Time) {
	var all sync.WaitGroup
	finished := make(chan struct{})
	var running []*pool.Pool
	for _, p := range pools {
		if r := p.running.Load(); r != nil {
			running = append(running, r)
		}
	}
	for _, p := range running {
		all.Go(func() { p.Stop(time.Until(deadline)) })
	}
	go func() {
		select {
		case <-d.hurry:
			for _, p := range running {
				all.Go(func() { p.Stop(0) })
			}
		case <-finished:
		}
	}()
	all.Wait()
	close(finished)
}

// atEnd has f called when everything else has ended.
func (d *Daemon) atEnd(f func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ending = append(d.ending, f)
}
