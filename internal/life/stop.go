package life

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Begin begins a stop, which must be over by the given time. It reports whether
// this call began it.
func (l *Life) Begin(why string, by time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.beginLocked(why, by)
}

func (l *Life) beginLocked(why string, by time.Time) bool {
	switch l.state {
	case Declared:
		l.state = Ended
		l.abandon()
		close(l.stopped)
	case Starting, Running:
		l.state = Stopping
		go l.shutDown(why, by)
	default:
		return false
	}
	return true
}

// BeginForGood is Begin, and the daemon does not start again after it. It fails
// if another process is the daemon by now.
func (l *Life) BeginForGood(why string, by time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.replaced != 0 {
		return l.mustRunLocked()
	}
	l.rerun = false
	l.beginLocked(why, by)
	return nil
}

// Rerun begins a stop after which Run starts the daemon again.
func (l *Life) Rerun(why string, by time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.mustRunLocked(); err != nil { // a stop came
		return err
	}
	l.rerun = true
	l.beginLocked(why, by)
	return nil
}

// Replaced records that another process has taken over.
func (l *Life) Replaced(pid int) error {
	return l.WhileRunning(func() { l.replaced = pid })
}

// ForGood prevents a start after a present or later stop: the last request
// counts.
func (l *Life) ForGood() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rerun = false
}

// Reruns reports whether Run starts the daemon again when it has stopped.
func (l *Life) Reruns() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rerun
}

// StopsForGood reports whether the daemon stops without a start after it.
func (l *Life) StopsForGood() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state > Running && !l.rerun && l.replaced == 0
}

// Close ends Closing.
func (l *Life) Close() { l.close() }

// Cancel ends Live.
func (l *Life) Cancel() { l.cancel() }

// Hasten makes a stop wait no longer.
func (l *Life) Hasten() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.hurry:
	default:
		close(l.hurry)
	}
}

// Hurry is closed when a stop must not wait any more.
func (l *Life) Hurry() <-chan struct{} { return l.hurry }

// Hurried returns a context that ends a grace after Hasten, or with ctx.
func (l *Life) Hurried(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, done := context.WithCancel(ctx)
	go func() {
		select {
		case <-l.hurry:
			time.AfterFunc(grace, done)
		case <-ctx.Done():
		}
	}()
	return ctx, done
}

// Fail records the error that ends the daemon, if it is the first. It returns
// what the log says, if anything.
func (l *Life) Fail(err error) (say string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == Elsewhere {
		return "Fail does nothing in a worker process: return the error to the daemon, which can end"
	}
	if l.failure == nil && l.state != Ended {
		l.failure, say = err, "the daemon ends because of an error"
	}
	if l.state == Declared {
		l.err = l.withFailure(nil) // no stop will do it
	}
	return say
}

// WithFailure returns the error of a start or a stop together with that given
// to Fail.
func (l *Life) WithFailure(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.withFailure(err)
}

func (l *Life) withFailure(err error) error {
	if l.failure == nil {
		return err
	}
	return errors.Join(fmt.Errorf("legion: %s failed: %w", l.name, l.failure), err)
}

// AtEnd makes LastErrors call f, after everything else has ended.
func (l *Life) AtEnd(f func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ending = append(l.ending, f)
}

// LastErrors calls the functions given to AtEnd and returns their errors.
func (l *Life) LastErrors() (errs []error) {
	l.mu.Lock()
	ending := l.ending
	l.mu.Unlock()
	for _, f := range ending {
		errs = append(errs, f())
	}
	return errs
}

// SetError records the error of the stop.
func (l *Life) SetError(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = l.withFailure(err)
}

// End ends the stop, and Stopped.
func (l *Life) End() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = Ended
	close(l.stopped)
}

// Stopped is closed at the end.
func (l *Life) Stopped() <-chan struct{} { return l.stopped }

// Err returns the error of the stop. It is final when Stopped is closed.
func (l *Life) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// MayStop returns an error in a worker process, which cannot stop the daemon.
func (l *Life) MayStop() error {
	if l.State() == Elsewhere {
		return fmt.Errorf("legion: stopping %s: %w", l.name, errElsewhere)
	}
	return nil
}

// MayWait returns an error where waiting for the end would never end.
func (l *Life) MayWait(onLoop bool) error {
	switch now := l.State(); {
	case now == Declared:
		return errors.New("it has not been started")
	case now == Elsewhere:
		return errElsewhere
	case onLoop:
		return errors.New("it cannot be done on the loop, which must run meanwhile: use a goroutine")
	}
	return nil
}

// Await calls begin and waits for the end, whose error it returns. When ctx
// ends, the stop does not wait any more.
func (l *Life) Await(ctx context.Context, begin func()) error {
	l.waits.Add(1)
	defer l.waits.Add(-1)
	begin()
	select {
	case <-l.stopped:
	case <-ctx.Done():
		l.Hasten()
		<-l.stopped
	}
	return l.Err()
}

// Awaited reports whether a goroutine waits for the end.
func (l *Life) Awaited() bool { return l.waits.Load() > 0 }
