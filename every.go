package legion

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/loop"
)

// everyLoop is a declared Every.
type everyLoop struct {
	name     string
	interval time.Duration
	fn       func(context.Context) error
	ticker   *loop.Ticker // from Start on
}

// Every has fn called on the loop when the daemon has started, and then at every
// interval. The n-th call is due n intervals after the first: there is no drift.
// A call that is late is made once, and those missed meanwhile are counted in
// the statistics. Interval 0 means again and again, with Config.MinPause between
// two calls. An error or a panic becomes an Error event, and the loop goes on.
// The context ends when the daemon stops.
func (d *Daemon) Every(interval time.Duration, fn func(context.Context) error) {
	d.mustDeclare("Every")
	if interval < 0 {
		panic(fmt.Sprintf("legion: Every(%v): the interval must not be negative", interval))
	}
	if interval > 0 && interval < leastInterval {
		panic(fmt.Sprintf("legion: Every(%v): the least interval is %v: a number without a unit counts nanoseconds; write %d*time.Second, for instance",
			interval, leastInterval, int64(interval)))
	}
	mustFunc("Every", fn == nil)
	d.loops = append(d.loops, &everyLoop{name: fmt.Sprintf("every %v", interval), interval: interval, fn: fn})
}

// startLoops begins the calls.
func (d *Daemon) startLoops() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.loops {
		l.ticker = d.loop.Every(l.interval, func() { d.execute(l.name, l.interval, l.fn) })
	}
}

// execute calls fn once, with the events around it. It runs on the loop.
func (d *Daemon) execute(name string, interval time.Duration, fn func(context.Context) error) {
	for again := true; again && d.closing.Err() == nil; {
		if emitHere(d.live, d, PreExecute{Loop: name}) {
			return
		}
		began := time.Now()
		err := protect(func() error { return fn(d.live) })
		took := time.Since(began)
		if err != nil && d.closing.Err() == nil {
			d.report(name, err, false)
			if panicked := (*bus.PanicError)(nil); errors.As(err, &panicked) {
				d.restartAfterPanic()
			}
		}
		if interval > 0 && took > interval {
			d.log.Debug("a function of the loop took longer than its interval", "loop", name, "took", took)
			emitHere(d.live, d, Overrun{Loop: name, Took: took, Interval: interval})
		}
		again = emitHere(d.live, d, PostExecute{Loop: name, Took: took, Err: err})
	}
}

// idle is called by the loop when it has nothing to do.
func (d *Daemon) idle() { emitHere(d.live, d, Idle{}) }
