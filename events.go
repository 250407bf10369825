package legion

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/internal/follow"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/turns"
	"github.com/legion-go/legion/status"
)

// A handler returns StopPropagation to end the handling of an event: no later
// handler is called, and where the event says so, Legion skips its default
// action.
var StopPropagation = bus.ErrStop

// OnOption changes how a handler is added.
type OnOption func(*onOptions)

type onOptions struct {
	priority int
	once     bool
	throttle time.Duration
}

// Priority puts a handler before those of lower priority. Default 0.
func Priority(n int) OnOption { return func(o *onOptions) { o.priority = n } }

// Once removes a handler before its first call.
func Once() OnOption { return func(o *onOptions) { o.once = true } }

// Throttle makes a handler skip the events that come within the time every
// after one for which it was called.
func Throttle(every time.Duration) OnOption { return func(o *onOptions) { o.throttle = every } }

// On calls fn for every event of type E: a type of package event, or any type
// of your own, given to [Emit]. Handlers are called on the daemon's loop, by
// priority, highest first, then in the order in which they were added. An error
// or a panic of a handler becomes a Failure event. The function that On returns
// removes the handler; both may be used at any time, from any goroutine.
func On[E any](d *Daemon, fn func(context.Context, E) error, options ...OnOption) (off func()) {
	var o onOptions
	for _, option := range options {
		option(&o)
	}
	handler := func(ctx context.Context, event any) error { return fn(ctx, event.(E)) }
	if o.throttle > 0 {
		handler = bus.Throttle(o.throttle, handler)
	}
	if o.once {
		return d.events.bus.Once(reflect.TypeFor[E](), o.priority, handler)
	}
	return d.events.bus.On(reflect.TypeFor[E](), o.priority, handler)
}

// Emit lets the loop call the handlers of E and waits for them; on the loop it
// calls them at once. It returns StopPropagation if a handler did, the error of
// ctx, or an error that matches ErrStopped if the daemon does not run.
func Emit[E any](ctx context.Context, d *Daemon, event E) error {
	result := make(chan bool, 1)
	emit := func() { result <- emitHere(ctx, d, event) }
	if d.loop.OnLoop() {
		emit()
	} else if !d.post(emit) {
		return fmt.Errorf("legion: emitting %T: %w", event, ErrStopped)
	}
	var stopped bool
	select {
	case stopped = <-result:
	case <-ctx.Done():
		select {
		case stopped = <-result: // both: the answer counts
		default:
			return ctx.Err()
		}
	}
	if stopped {
		return StopPropagation
	}
	return nil
}

// emitHere calls the handlers of E on this goroutine, which is the loop's.
func emitHere[E any](ctx context.Context, d *Daemon, e E) (stopped bool) {
	witness(d, e)
	if !d.events.bus.Count(reflect.TypeFor[E]()) {
		return false
	}
	return emitCounted(ctx, d, e)
}

func emitCounted[E any](ctx context.Context, d *Daemon, e E) (stopped bool) {
	stopped, err := d.events.bus.Call(ctx, reflect.TypeFor[E](), e)
	if err != nil {
		_, isError := any(e).(event.Failure)
		d.report(fmt.Sprintf("a handler of %T", e), err, isError)
	}
	return stopped
}

// eventLimit is how many events of that type may wait for the loop.
func eventLimit(e any) int {
	switch e.(type) {
	case event.ClientConnected, event.ClientClosed:
		return maxClientEvents
	}
	return maxEvents
}

// announce counts an event and queues its handlers for the loop; see turns for
// what is left out. Without handlers it queues nothing.
func announce[E any](d *Daemon, event E) {
	witness(d, event)
	if kind := reflect.TypeFor[E](); d.events.bus.Count(kind) {
		d.turns.Add(kind.String(), eventLimit(event), func() { emitCounted(d.life.Live(), d, event) })
	}
}

// report makes a Failure event of err and logs it. A failure of a handler of
// Failure events is only logged.
func (d *Daemon) report(where string, err error, quiet bool) {
	d.reportAs("an error of the loop", where, err, quiet)
}

// reportAs is report with the text of the log's line.
func (d *Daemon) reportAs(message, where string, err error, quiet bool) {
	e := event.Failure{Where: where, Err: err}
	var panicked *bus.PanicError
	if errors.As(err, &panicked) {
		d.events.panics.Add(1)
		e.Stack = string(panicked.Stack)
	}
	var died *WorkerError
	if errors.As(err, &died) {
		e.Stack = died.Stack
	}
	if !quiet && emitHere(d.life.Live(), d, e) {
		return
	}
	limit := d.log.LimitOf("errors: "+where, errorRate, errorBurst, func(records uint64) {
		d.log.Error(message+", repeatedly: records were left out", "where", where, "count", records)
	})
	if !limit.Take(1) {
		return
	}
	attrs := []any{slog.String("where", where), slog.Any("err", err)}
	if panicked != nil {
		attrs = append(attrs, slog.String("stack", e.Stack))
	}
	d.log.Error(message, attrs...)
}

// These limit how often a repeated failure is logged: per second, and in a
// burst.
const (
	errorRate  = 10
	errorBurst = 100
)

// events is the state of the daemon's events.
type events struct {
	bus      bus.Bus
	watchers follow.Feed[status.Event] // on the control socket
	unheard  turns.Unheard             // failed calls
	panics   atomic.Uint64             // of callbacks
}

// witness shows an event to the clients that follow events. Without such
// clients it costs next to nothing.
func witness[E any](d *Daemon, event E) {
	if d.events.watchers.Followed() {
		e := status.Event{Time: time.Now(), Type: methods.EventName(reflect.TypeFor[E](), "")}
		if d.events.watchers.Wanted(e) {
			e.Data = describe.Value(reflect.ValueOf(event))
			d.events.watchers.Offer(e)
		}
	}
}
