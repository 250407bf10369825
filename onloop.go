package legion

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/turns"
)

// What gives functions to the loop:
//
//	post       what the daemon itself asks for; never left out
//	callback   the same, and after the loop's end the goroutine that takes its place
//	turns.Add  what comes from outside: bounded, left out and counted
//	onLoop     the same, and waits for it

// At most so many of a kind wait for the loop.
const (
	maxEvents       = 10_000 // of workers, which cost a process each
	maxClientEvents = 100    // of clients, which cost them nothing
	maxErrors       = 100
	maxSignals      = 16
)

// newTurns makes what gives functions to the loop.
func (d *Daemon) newTurns() {
	d.turns = turns.Queue{
		Post: d.post,
		LeftOut: func(kind string, n uint64) {
			d.log.Warn("the loop is too slow for what comes from outside: some of it was left out", "what", kind, "count", n)
		},
		Failed: func(kind string, err error) { d.report(kind, err, false) },
	}
	d.afterLoop = turns.After{Ended: d.loopEnd, Failed: func(err error) { d.tellLast("a callback after the end of the loop", err) }}
	d.events.unheard = turns.Unheard{
		Queue: &d.turns,
		Report: func(where string, err error) {
			d.reportAs("a call failed, and nothing has asked for its end", where, err, false)
		},
		More: func(n int) {
			d.reportAs("calls failed, and nothing has asked for their ends", "calls made with Go", fmt.Errorf("%d more in a short time", n), false)
		},
	}
}

// post has fn called on the loop. It returns false, and fn is not called, after
// the daemon's end.
func (d *Daemon) post(fn func()) bool { return d.loop.Post(fn) }

// callback calls fn on the loop, or after the loop's end on the goroutine that
// takes its place: exactly once, and after all that were given before.
func (d *Daemon) callback(fn func()) {
	if !d.post(fn) {
		d.afterLoop.Add(fn)
	}
}

// onLoop runs fn on the loop and waits for it. A panic is an error.
func (d *Daemon) onLoop(ctx context.Context, fn func() error) error {
	result := make(chan error, 1)
	turn := d.turns.Add("functions", 0, func() { result <- bus.Protect(fn) })
	if turn == nil {
		return ErrStopped
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		d.turns.Forget(turn) // else functions that have been given up fill a loop that hangs
		return fmt.Errorf("it did not end in time: %w", context.Cause(ctx))
	case <-d.loopEnd:
		return errors.New("the loop has ended")
	}
}

// onLoopFor is onLoop for a client, which may have gone when the loop comes to
// fn. What the program has declared finds things as Init has made them, and
// before Teardown.
func (d *Daemon) onLoopFor(ctx context.Context, fn func() error) error {
	return d.onLoop(ctx, func() error {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.life.State() == life.Starting:
			return &rpc.Error{Code: rpc.CodeSystem, Message: fmt.Sprintf("daemon %s is starting: try again", d.config.Name)}
		case d.life.Live().Err() != nil:
			return ErrStopped
		}
		return fn()
	})
}

// onLoop is the key that marks contexts of callbacks.
type onLoop struct{}

// panicked takes the panic of a callback: the loop goes on.
func (d *Daemon) panicked(v any, stack []byte) {
	d.report("a function of the loop", &bus.PanicError{Value: v, Stack: stack}, false)
}

// reportSoon reports an error on the loop, when it comes to it.
func (d *Daemon) reportSoon(where string, err error) {
	d.turns.Add(fmt.Sprintf("errors of %s", where), maxErrors, func() { d.report(where, err, false) })
}

// Report tells of an error of the program: it emits [event.Failure], and unless
// a handler stops that, logs a line. where names what failed, "import" for
// instance. It may be called from any goroutine and returns at once. Many
// errors of the same place are bounded as the daemon's own are. A nil error
// does nothing.
func (d *Daemon) Report(where string, err error) {
	if err != nil {
		d.reportSoon(where, err)
	}
}

// tellLast logs an error when the log may be closed: on standard error.
func (d *Daemon) tellLast(where string, err error) {
	d.events.panics.Add(1)
	d.log.LastResort(slog.LevelError, "an error", slog.String("where", where), slog.Any("err", err))
}
