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

// These give functions to the loop:
//
//	post       the daemon's own work; never left out
//	callback   the same, and after the loop's end the goroutine that replaces it
//	turns.Add  work from outside: bounded, left out and counted
//	onLoop     the same, and waits for it

// Limits of the work of each kind that waits for the loop.
const (
	maxEvents       = 10_000 // of workers, which cost a process each
	maxClientEvents = 100    // of clients, which cost them nothing
	maxErrors       = 100
	maxSignals      = 16
)

// newTurns makes the queues that give functions to the loop.
func (d *Daemon) newTurns() {
	d.turns = turns.Queue{
		Post: d.post,
		LeftOut: func(kind string, n uint64) {
			d.log.Warn("the loop is too slow for the work from outside: some of it was left out", "what", kind, "count", n)
		},
		Failed: func(kind string, err error) { d.report(kind, err, false) },
	}
	d.afterLoop = turns.After{Ended: d.loopEnd, Failed: func(err error) { d.tellLast("a callback after the end of the loop", err) }}
	d.events.unheard = turns.Unheard{
		Queue: &d.turns,
		Report: func(where string, err error) {
			d.reportAs("a call failed, and the program has not asked for its result", where, err, false)
		},
		More: func(n int) {
			d.reportAs("calls failed, and the program has not asked for their results", "calls made with Go", fmt.Errorf("%d more in a short time", n), false)
		},
	}
}

// post queues fn for the loop. After the daemon's end it returns false, and fn
// does not run.
func (d *Daemon) post(fn func()) bool { return d.loop.Post(fn) }

// callback calls fn on the loop, or after the loop's end on the goroutine that
// replaces it: exactly once, and after all earlier callbacks.
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
		d.turns.Forget(turn) // else abandoned functions fill the queue of a loop that hangs
		return fmt.Errorf("it did not end in time: %w", context.Cause(ctx))
	case <-d.loopEnd:
		return errors.New("the loop has ended")
	}
}

// onLoopFor is onLoop for a client, which may have disconnected before fn runs.
// fn, which the program declared, runs only after Init and before Teardown.
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

// panicked reports the panic of a callback: the loop continues.
func (d *Daemon) panicked(v any, stack []byte) {
	d.report("a function of the loop", &bus.PanicError{Value: v, Stack: stack}, false)
}

// reportSoon queues the report of an error for the loop.
func (d *Daemon) reportSoon(where string, err error) {
	d.turns.Add(fmt.Sprintf("errors of %s", where), maxErrors, func() { d.report(where, err, false) })
}

// Report reports an error of the program: it emits [event.Failure] and logs the
// error, unless a handler stops the event. where names what failed, "import"
// for instance. It may be called from any goroutine and returns at once. The
// rate of errors of the same place is limited, as for the daemon's own. For a
// nil error it does nothing.
func (d *Daemon) Report(where string, err error) {
	if err != nil {
		d.reportSoon(where, err)
	}
}

// tellLast logs an error even if the log is closed: then on standard error.
func (d *Daemon) tellLast(where string, err error) {
	d.events.panics.Add(1)
	d.log.LastResort(slog.LevelError, "an error", slog.String("where", where), slog.Any("err", err))
}
