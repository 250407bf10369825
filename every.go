package legion

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/cron"
	"github.com/legion-go/legion/internal/loop"
)

// Ticker is a function given to Every. Its methods may be called at any time,
// from any goroutine and on the loop.
type Ticker struct {
	name   string
	fn     func(context.Context) error
	ticker *loop.Ticker
}

// Interval returns the time from one call to the next.
func (t *Ticker) Interval() time.Duration { return t.ticker.Interval() }

// Reset changes the interval, as Reset of a time.Ticker does: the next call is
// due one interval from now, also if fn calls Reset itself, and the n-th after
// it n intervals later. Events still name the loop by its declared interval. It
// panics like Every.
func (t *Ticker) Reset(interval time.Duration) {
	checkInterval("Ticker.Reset", interval)
	t.ticker.Reset(interval)
}

// Runs returns how many calls have begun.
func (t *Ticker) Runs() uint64 { return t.ticker.Stats().Runs }

// Every calls fn on the loop when the daemon has started, and then at every
// interval. The n-th call is due n intervals after the first, without drift. A
// late call runs once, and the statistics count those missed meanwhile.
// Interval 0 means repeatedly, with Config.MinPause between two calls. An error
// or a panic becomes a Failure event, and the loop continues. The context ends
// when the daemon stops. The Ticker can change the interval; the caller need
// not keep it.
func (d *Daemon) Every(interval time.Duration, fn func(context.Context) error) *Ticker {
	d.mustDeclare("Every")
	checkInterval("Every", interval)
	mustFunc("Every", fn == nil)
	t := &Ticker{name: fmt.Sprintf("every %v", interval), fn: fn}
	t.ticker = d.loop.NewTicker(interval, func() { d.execute(t.name, t.Interval(), fn) })
	d.declared.loops = append(d.declared.loops, t)
	return t
}

// checkInterval panics if the interval is not valid. what is the called
// function.
func checkInterval(what string, interval time.Duration) {
	if interval < 0 {
		panic(fmt.Sprintf("legion: %s(%v): the interval must not be negative", what, interval))
	}
	if interval > 0 && interval < leastInterval {
		panic(fmt.Sprintf("legion: %s(%v): the least interval is %v: a number without a unit counts nanoseconds; write %d*time.Second, for instance",
			what, interval, leastInterval, int64(interval)))
	}
}

// startLoops begins the calls.
func (d *Daemon) startLoops() {
	for _, t := range d.declared.loops {
		t.ticker.Start()
	}
}

// execute calls fn once, with the events around it. It runs on the loop.
func (d *Daemon) execute(name string, interval time.Duration, fn func(context.Context) error) (outcome cron.Outcome) {
	for again := true; again && d.life.Closing().Err() == nil; {
		if emitHere(d.life.Live(), d, event.PreExecute{Loop: name}) {
			return outcome
		}
		began := time.Now()
		err := bus.Protect(func() error { return fn(d.life.Live()) })
		took := time.Since(began)
		panicked := (*bus.PanicError)(nil)
		outcome = cron.OutcomeOf(err, errors.As(err, &panicked))
		if err != nil && d.life.Closing().Err() == nil {
			d.report(name, err, false)
			if panicked != nil {
				d.restartAfterPanic()
			}
		}
		if interval > 0 && took > interval {
			d.log.Debug("a function of the loop took longer than its interval", "loop", name, "took", took)
			emitHere(d.life.Live(), d, event.Overrun{Loop: name, Took: took, Interval: interval})
		}
		again = emitHere(d.life.Live(), d, event.PostExecute{Loop: name, Took: took, Err: err})
	}
	return outcome
}

// idle is called by the loop when it has nothing to do.
func (d *Daemon) idle() { emitHere(d.life.Live(), d, event.Idle{}) }
