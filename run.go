package legion

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Run starts the daemon and waits for its end, which comes with Stop, with the
// end of ctx, or with SIGTERM or SIGINT; a second signal does not wait for calls
// that run. In a worker process Run never returns.
func (d *Daemon) Run(ctx context.Context) error {
	if d.isWorker() {
		d.serve()
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	over := make(chan struct{})
	defer close(over)
	go func() {
		for n := 1; ; n++ {
			select {
			case s := <-signals:
				d.log.Info("stopping", "signal", s.String())
				if n > 1 {
					d.hasten()
				}
			case <-ctx.Done():
				ctx = context.WithoutCancel(ctx)
			case <-over:
				return
			}
			d.begin(nil)
		}
	}()
	if err := d.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return d.Wait()
}
