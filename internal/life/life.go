// Package life is the life of a daemon as a state machine: what it may do when,
// and whether a goroutine waits for its end. The root package does the work of
// the start and the stop.
//
//   - life.go: the states, and the way from one to the next
//   - stop.go: requesting a stop, and what follows it
package life

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// ErrStopped is the error of operations that fail because the daemon does not
// run.
var ErrStopped = errors.New("stopped")

// State is the state of a daemon.
type State int

// A daemon goes from one state to the next, and skips Running if its start
// fails. One that is stopped before its start goes from Declared to Ended. In a
// worker process Declared is followed by Elsewhere, for good: the daemon lives
// in another process.
const (
	Declared State = iota
	Starting
	Running
	Stopping
	Ended
	Elsewhere
)

// String returns the state's name for display.
func (s State) String() string {
	return [...]string{"declared", "starting", "running", "stopping", "stopped", "elsewhere: this is a worker process"}[s]
}

// Life is the life of one daemon. Its methods may be called from any goroutine.
// Its lock is the innermost of a daemon: only the functions given to With and
// Enter are called under it.
type Life struct {
	name string
	// shutDown is called on a goroutine of its own when a stop begins, and calls
	// End.
	shutDown func(why string, by time.Time)
	// abandon is called when a daemon that was never started is stopped.
	abandon func()

	live    context.Context // of callbacks
	cancel  context.CancelFunc
	closing context.Context
	close   context.CancelFunc

	hurry   chan struct{} // closed when a stop must not wait any more
	stopped chan struct{} // closed at the end
	waits   atomic.Int32  // goroutines that wait for the end

	mu       sync.Mutex // guards what follows
	state    State
	begun    bool // it was started, with or without success
	ran      bool // … by Run
	rerun    bool // Run starts it again when it has stopped
	replaced int  // the process that took over; 0: none
	started  time.Time
	failure  error // given to Fail
	err      error // what went wrong while stopping
	ending   []func() error
}

// New returns the life of a daemon in state Declared. shutDown is called, on a
// goroutine of its own, when a stop begins, with the time by which it must be
// over; it calls End. abandon is called if a stop comes before the start. ctx
// is the parent of Live.
func New(ctx context.Context, name string, shutDown func(why string, by time.Time), abandon func()) *Life {
	l := &Life{name: name, shutDown: shutDown, abandon: abandon, hurry: make(chan struct{}), stopped: make(chan struct{})}
	l.live, l.cancel = context.WithCancel(ctx)
	l.closing, l.close = context.WithCancel(l.live)
	return l
}

// Live is the context of callbacks. It ends when the calls of a daemon that
// stops have ended.
func (l *Life) Live() context.Context { return l.live }

// Closing ends when the daemon begins to stop.
func (l *Life) Closing() context.Context { return l.closing }

// State returns the state.
func (l *Life) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// With calls fn with the state, which does not change meanwhile.
func (l *Life) With(fn func(State)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fn(l.state)
}

// Serve records that this process is a worker, which serves calls from now on.
// It reports whether this is the first call.
func (l *Life) Serve() (first bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first = l.state != Elsewhere
	l.state = Elsewhere
	return first
}

// errElsewhere is the error of what only the daemon's process can do.
const errElsewhere = NotRunning("this is a worker process; only the daemon's own process can do that")

// Enter begins the start, once. It calls check before, whose error ends the
// start.
func (l *Life) Enter(check func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.state == Ended && !l.begun:
		return l.withFailure(fmt.Errorf("legion: starting %s: %w before it was started", l.name, ErrStopped))
	case l.state == Elsewhere:
		return fmt.Errorf("legion: starting %s: this is a worker process of it, which serves calls already", l.name)
	case l.state != Declared:
		return fmt.Errorf("legion: starting %s: it has been started before; a daemon starts once", l.name)
	}
	if err := check(); err != nil {
		return err
	}
	l.state, l.begun = Starting, true
	return nil
}

// EnterRunning ends the start, unless a stop came meanwhile.
func (l *Life) EnterRunning() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != Starting {
		return ErrStopped
	}
	l.state, l.started = Running, time.Now()
	return nil
}

// Started returns the time when the daemon began to run; zero before that.
func (l *Life) Started() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.started
}

// ByRun records that Run started the daemon.
func (l *Life) ByRun() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ran = true
}

// Embedded reports whether the daemon was started by Start, in a program that
// goes on by itself.
func (l *Life) Embedded() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.ran && !l.started.IsZero()
}

// MustRun returns an error, which matches ErrStopped, if the daemon does not
// run.
func (l *Life) MustRun() error { return l.WhileRunning(func() {}) }

// WhileRunning calls fn if the daemon runs, and no stop begins meanwhile.
func (l *Life) WhileRunning(fn func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.mustRunLocked(); err != nil {
		return err
	}
	fn()
	return nil
}

func (l *Life) mustRunLocked() error {
	switch {
	case l.replaced != 0:
		return NotRunning(fmt.Sprintf("process %d has taken over", l.replaced))
	case l.state == Stopping && l.rerun:
		return NotRunning("the daemon is about to restart")
	case l.state == Stopping:
		return NotRunning("the daemon is stopping")
	case l.state == Starting:
		return NotRunning("the daemon is still starting")
	case l.state == Elsewhere:
		return errElsewhere
	case l.state != Running:
		return NotRunning("the daemon does not run")
	}
	return nil
}

// NotRunning is the error of an operation that fails because of the present
// state. It matches ErrStopped.
type NotRunning string

func (n NotRunning) Error() string { return string(n) }

// Is makes it match ErrStopped.
func (n NotRunning) Is(target error) bool { return target == ErrStopped }
