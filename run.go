package legion

import (
	"context"
	"os"
	"os/signal"
	"sync"
)

// Run starts the daemon and waits until it has stopped: by Stop, the end of
// ctx, or a signal; see [event.Signal] for the effect of each signal. In a
// worker process Run never returns.
func (d *Daemon) Run(ctx context.Context) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	signals := make(chan os.Signal, 64)
	plan := d.plan()
	plan.Notify(signals)
	over := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		d.watchSignals(signals, over)
	}()
	unwatch := sync.OnceFunc(func() {
		signal.Stop(signals)
		close(over)
		<-watched
	})
	defer unwatch()
	defer context.AfterFunc(ctx, func() {
		d.life.ForGood()
		d.begin("the context of Run ended")
	})()
	d.life.ByRun()
	if err := d.start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	err := d.Wait()
	if !d.life.Reruns() {
		return err
	}
	plan.Hold()
	unwatch()
	if plan.EndedBy(signals) || ctx.Err() != nil || !d.life.Reruns() {
		d.letGo()
		return err
	}
	return d.startAgain()
}
