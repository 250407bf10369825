package legion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/concurrent"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/sockets"
)

// Wait waits until the daemon has stopped, and returns the errors of the stop,
// or nil. Before Start, on the loop and in a worker process it returns an error
// at once.
func (d *Daemon) Wait() error {
	if err := d.life.MayWait(d.loop.OnLoop()); err != nil {
		return fmt.Errorf("legion: waiting for %s: %w", d.config.Name, err)
	}
	return d.life.Await(context.Background(), func() {})
}

// Stop stops the daemon and waits until nothing of it is left. Running calls
// may finish; when little of StopTimeout is left they are cancelled, and
// workers that do not end are killed. When ctx ends, Stop no longer waits for
// calls. Called on the loop, by a callback, it begins the stop and returns. It
// may be called again, and before Start, which then fails. In a worker process
// it returns an error.
func (d *Daemon) Stop(ctx context.Context) error {
	if err := d.life.MayStop(); err != nil {
		return err
	}
	d.life.ForGood()
	begin := func() { d.begin("Stop was called") }
	if d.loop.OnLoop() {
		begin()
		return nil
	}
	return d.life.Await(ctx, begin)
}

// stopBy begins a final stop, unless another process has taken over.
func (d *Daemon) stopBy(why string) error {
	if err := d.life.BeginForGood(why, d.stopDeadline()); err != nil {
		return fmt.Errorf("legion: stopping %s: %w", d.config.Name, err)
	}
	return nil
}

// begin begins the stop, once. It reports whether this call did.
func (d *Daemon) begin(why string) bool { return d.life.Begin(why, d.stopDeadline()) }

// stopDeadline is the deadline of a stop that begins now.
func (d *Daemon) stopDeadline() time.Time { return time.Now().Add(d.config.StopTimeout) }

// abandon ends the loop of a daemon that never started: the loop runs its
// queued functions and ends.
func (d *Daemon) abandon() {
	d.loop.Stop()
	go func() {
		defer close(d.loopEnd)
		_ = d.loop.Run(context.Background())
	}()
}

// hurryGrace is the time for Teardown, plugins and the loop in a hurried stop.
const hurryGrace = 250 * time.Millisecond

// shutDown does the steps of a stop in order. StopTimeout bounds all of them.
func (d *Daemon) shutDown(why string, deadline time.Time) {
	d.log.Debug("stopping", "why", why)
	d.awaitSettled(deadline)
	ctx, done := context.WithDeadline(context.WithValue(context.Background(), onLoop{}, d), deadline)
	defer done()
	d.life.Close() // no more ticks
	if d.life.Reruns() {
		d.holdOn()
	}
	for _, l := range d.declared.listeners {
		d.closeListener(l)
	}
	d.finishRequests(ctx, why)
	d.stopPools(deadline)
	d.endEscaped()
	d.life.Cancel() // callbacks that still run must end
	ctx, done = d.life.Hurried(ctx, hurryGrace)
	defer done()
	var errs []error
	for i := len(d.declared.teardown) - 1; i >= 0; i-- {
		if err := d.onLoop(ctx, func() error { return d.declared.teardown[i](ctx) }); err != nil {
			errs = append(errs, fmt.Errorf("Teardown: %w", err))
		}
	}
	for _, l := range d.control.Listeners() {
		d.closeListener(l)
	}
	d.control.Close() // the next daemon, which plugins let start, may use the address now
	if d.succession.held != nil && d.life.Reruns() {
		d.tellPIDChanged(ctx, os.Getpid())
	}
	errs = append(errs, d.plugins.Stop(ctx)...)
	d.control.Shutdown(ctx, !d.life.StopsForGood())
	errs = append(errs, d.endWork(ctx)...)
	d.declared.shared.Close()
	err := errors.Join(append(errs, d.life.LastErrors()...)...)
	if err != nil {
		if d.life.Reruns() { // Run does not return the error
			d.log.Error("stopping to restart", "err", err)
		}
		err = fmt.Errorf("legion: stopping %s: %w", d.config.Name, err)
	}
	d.life.SetError(err)
	if !d.life.Reruns() {
		d.letGo()
	}
	d.log.Info("stopped")
	if !d.life.Awaited() && d.life.Embedded() {
		d.log.Warn("nothing waits for the end of the daemon, and its process goes on without it: "+
			"call Wait after Start, and let main return when Wait does", "why", why)
	}
	_ = d.log.Close() // an error cannot be logged any more
	d.life.End()
}

// endWork ends the loop and what goroutines of the daemon do beside it.
func (d *Daemon) endWork(ctx context.Context) (errs []error) {
	d.tasks.End()
	d.events.unheard.End()
	d.loop.Stop()
	if !concurrent.Ended(ctx, d.loopEnd) {
		errs = append(errs, d.loop.Left())
	}
	if left := d.owned.Wait(ctx); left != "" {
		errs = append(errs, fmt.Errorf("not ended: %s", left))
	}
	if !concurrent.Done(ctx, d.tasks.Running()) {
		errs = append(errs, errors.New("the result of a task that the control socket has run has not been encoded"))
	}
	return errs
}

// awaitSettled waits until the previous process of an upgrade no longer watches
// this one: if this one ended before, that one would continue, and the stop
// would be lost.
func (d *Daemon) awaitSettled(deadline time.Time) {
	patience := time.NewTimer(time.Until(deadline))
	defer patience.Stop()
	select {
	case <-d.settled():
	case <-patience.C:
	}
}

// finishRequests lets servers finish their requests, which may make calls, for
// at most half of StopTimeout, and then calls the handlers of Shutdown, which
// have an eighth of it even if the servers took their half.
func (d *Daemon) finishRequests(ctx context.Context, why string) {
	ctx, done := d.life.Hurried(ctx, 0)
	defer done()
	half := time.Now().Add(d.config.StopTimeout / 2)
	serving, served := context.WithDeadline(ctx, half)
	sockets.StopAll(serving, d.declared.servers, d.log.Logger)
	served()
	witness(d, event.Shutdown{Reason: why, Again: d.life.Reruns()})
	if !d.events.bus.Count(reflect.TypeFor[event.Shutdown]()) {
		return
	}
	handling, handled := context.WithTimeout(ctx, max(time.Until(half), d.config.StopTimeout/8))
	defer handled()
	if err := d.onLoop(handling, func() error {
		emitCounted(handling, d, event.Shutdown{Reason: why, Again: d.life.Reruns()})
		return nil
	}); err != nil {
		d.log.Warn("the handlers of Shutdown did not end in time", "err", err)
	}
}

// stopPools stops all pools at the same time. In a hurry, it does not wait for
// calls.
func (d *Daemon) stopPools(deadline time.Time) {
	var running []*pool.Pool
	d.life.With(func(life.State) { // a start may be making them now
		for _, p := range d.declared.pools {
			if r := p.running.Load(); r != nil {
				running = append(running, r)
			}
		}
	})
	pool.StopAll(running, deadline, d.life.Hurry())
}
