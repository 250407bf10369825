package loop

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// DefaultMinPause is the pause of a ticker of interval 0 unless
// [Config.MinPause] says otherwise.
const DefaultMinPause = time.Millisecond

// Run returns ErrRan when it is called a second time.
var ErrRan = errors.New("loop: Run was called before; make a new Loop")

// Config configures a [Loop]. The zero value is usable.
type Config struct {
	// Panic is called on the loop with the value and the stack of a function that
	// panicked; then the loop goes on. It must not panic itself. Default: panics
	// are not recovered and end the process.
	Panic func(value any, stack []byte)

	// Idle is called on the loop when it has run a function and now has nothing to
	// do until the next tick or post. It must be short; it may post. Default: no
	// call.
	Idle func()

	// MinPause is the time between the end of a tick of interval 0 and the next
	// one. Default: DefaultMinPause. Negative: New panics.
	MinPause time.Duration

	// Precise times ticks with the kernel's high-resolution timer, at the cost of a
	// descriptor: on Linux ticks then begin some 20 µs after their due time.
	// Default: Go's timers, which are up to 1 ms late on Linux but work in the
	// virtual time of testing/synctest. Precise is ignored where the system has no
	// such timer or no descriptor is left.
	Precise bool
}

// Loop runs posted functions and ticks one at a time, in order. Make it with
// [New].
type Loop struct {
	cfg   Config
	epoch time.Time // the loop's clock counts from here, on the monotonic clock

	posts   posts
	tickers tickers
	wake    chan struct{} // one token: check again

	ran       atomic.Bool
	stopping  atomic.Bool
	goroutine atomic.Uint64 // that called Run

	pending atomic.Int64
	busy    atomic.Int64 // total time of the functions that have ended, in nanoseconds
	begun   atomic.Int64 // when Run began, on the loop's clock; idle before
	since   atomic.Int64 // when the running function began, on the loop's clock; idle if none runs
}

// idle is the value of Loop.since while nothing runs.
const idle = -1

// Stats are the figures of a [Loop].
type Stats struct {
	Pending int           // posted functions that have not begun
	Running time.Duration // how long the current function has been running; 0 if none runs
	Busy    time.Duration // how long functions have run in total, Running included
	Idle    time.Duration // how long no function has run, since the beginning of Run
}

// New returns a loop that accepts functions and tickers at once, and runs them
// when Run is called.
func New(cfg Config) *Loop {
	switch {
	case cfg.MinPause < 0:
		panic(fmt.Sprintf("loop: Config.MinPause is %v; it must not be negative", cfg.MinPause))
	case cfg.MinPause == 0:
		cfg.MinPause = DefaultMinPause
	}
	l := &Loop{cfg: cfg, epoch: time.Now(), wake: make(chan struct{}, 1)}
	l.since.Store(idle)
	l.begun.Store(idle)
	return l
}

// Post hands fn to the loop, which runs it after everything posted before. It
// never blocks, and the queue has no limit, because posted functions, above all
// the results of calls, must not be lost: callers must bound the number of
// functions they have waiting. Post reports whether it accepted fn; an accepted
// function runs. After the end of the loop Post returns false, and fn does not
// run. A nil fn panics.
func (l *Loop) Post(fn func()) bool {
	if fn == nil {
		panic("loop: Post of a nil function")
	}
	l.pending.Add(1) // before push, so that the loop's own subtraction never comes first
	if !l.posts.push(fn) {
		l.pending.Add(-1)
		return false
	}
	l.rouse()
	return true
}

// Every runs fn at once and then once per interval; see the package's
// documentation for what happens to late ticks. An interval of 0 means as often
// as possible, with a pause of Config.MinPause after each run, in which posted
// functions run. Before Run, "at once" means when Run begins. A negative
// interval and a nil fn panic. After the end of the loop fn never runs.
func (l *Loop) Every(interval time.Duration, fn func()) *Ticker {
	t := l.NewTicker(interval, fn)
	t.Start()
	return t
}

// NewTicker is Every for a ticker that has yet to be started.
func (l *Loop) NewTicker(interval time.Duration, fn func()) *Ticker {
	if interval < 0 {
		panic(fmt.Sprintf("loop: Every with an interval of %v; it must not be negative", interval))
	}
	if fn == nil {
		panic("loop: Every of a nil function")
	}
	return &Ticker{loop: l, set: &l.tickers, fn: fn, interval: interval}
}

// Stop begins the end of the loop and returns at once: Post accepts no more
// functions, no more tick begins, and Run returns when it has run the functions
// posted before. It may be called before Run, and more than once.
func (l *Loop) Stop() {
	l.posts.close()
	l.stopping.Store(true)
	l.rouse()
}

// Run executes posted functions and ticks on the calling goroutine until ctx
// ends, which is the same as Stop, or Stop is called; then it runs the
// functions posted before that. It returns nil when all of them have run, and
// ErrRan when it was called before.
func (l *Loop) Run(ctx context.Context) error {
	if l.ran.Swap(true) {
		return ErrRan
	}
	defer l.Stop() // in case a function calls runtime.Goexit
	l.goroutine.Store(goroutineID())

	now := l.now()
	l.begun.Store(int64(now))
	l.tickers.start(now)
	l.work(ctx)
	l.Stop() // Post accepts no more, so that the queue empties
	for l.posts.ready() {
		l.execute(l.posts.take())
	}
	return nil
}

// Stats returns the figures up to now.
func (l *Loop) Stats() Stats {
	s := Stats{Pending: int(max(0, l.pending.Load()))}
	busy, now := time.Duration(l.busy.Load()), l.now()
	if since := l.since.Load(); since != idle {
		s.Running = max(0, now-time.Duration(since))
	}
	s.Busy = busy + s.Running
	if begun := l.begun.Load(); begun != idle {
		s.Idle = max(0, now-time.Duration(begun)-s.Busy)
	}
	return s
}

// work is the main loop. It returns when ctx ends or Stop is called.
func (l *Loop) work(ctx context.Context) {
	alarm := newAlarm(l.cfg.Precise)
	defer alarm.close()

	owing := false          // a tick has run, and posted functions have not had their turn since
	var turn time.Duration  // when that turn ends
	armed := saturate.Never // when the alarm rings; saturate.Never if it is not set
	busy := false           // a function has run since Config.Idle was called
	for !l.stopping.Load() && ctx.Err() == nil {
		waiting := l.posts.ready()
		if !owing || !waiting {
			if t := l.tickers.begin(l.now()); t != nil {
				turn = l.tick(t)
				owing, busy = true, true
				continue
			}
		}
		if waiting {
			l.execute(l.posts.take())
			owing = owing && l.now() < turn
			busy = true
			continue
		}
		if busy && l.cfg.Idle != nil {
			busy = false
			l.call(l.cfg.Idle)
			continue // Idle may have posted
		}
		if due := l.tickers.next(); due != armed && due != saturate.Never {
			alarm.set(due - l.now())
			armed = due
		}
		select {
		case <-l.wake:
		case <-alarm.ring():
			armed = saturate.Never // set it again, in case it rang early
		case <-ctx.Done():
		}
	}
}

// tick runs a tick that has begun and returns the time until which posted
// functions go first.
func (l *Loop) tick(t *Ticker) time.Duration {
	began := l.now()
	l.call(t.fn)
	now := l.now()
	l.tickers.end(t, began, now, l.cfg.MinPause)
	return saturate.Add(now, now-began)
}

// execute runs a posted function.
func (l *Loop) execute(fn func()) {
	l.pending.Add(-1)
	l.call(fn)
}

// call runs fn and passes a panic of fn to Config.Panic.
func (l *Loop) call(fn func()) {
	began := l.now()
	l.since.Store(int64(began))
	defer func() {
		l.since.Store(idle)
		l.busy.Add(int64(l.now() - began))
	}()
	if l.cfg.Panic == nil {
		fn()
		return
	}
	defer func() {
		if v := recover(); v != nil {
			l.cfg.Panic(v, debug.Stack())
		}
	}()
	fn()
}

// rouse makes the loop check again. If a token is there already, that is
// enough.
func (l *Loop) rouse() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// now returns the time on the loop's clock.
func (l *Loop) now() time.Duration { return time.Since(l.epoch) }
