package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// ErrEndLoop is returned by a loop to end itself, and with it its worker.
var ErrEndLoop = errors.New("end of the loop")

// A failing loop backs off, so that it does not retry all the time: the pause
// doubles with each failure in a row, from firstLoopPause to lastLoopPause. It
// lasts for the rest of the interval if that is longer.
const (
	firstLoopPause = 10 * time.Millisecond
	lastLoopPause  = 10 * time.Second
)

// ownLoop is the loop that a worker runs beside its calls. An iteration takes
// the place of a call, so calls run between two iterations but never at the
// same time. When both wait, they take turns.
type ownLoop struct {
	mu     sync.Mutex
	turn   chan struct{} // closed to give the loop its place; nil if the loop is not waiting
	paused bool
	resume chan struct{} // closed when the pause ends
	cancel context.CancelFunc
}

// startLoop begins the loop, which ends with s.loop.stop.
func (s *server) startLoop() {
	ctx, cancel := context.WithCancel(s.Context)
	s.loop.cancel = cancel
	s.over.Go(func() {
		if s.iterate(ctx) {
			s.loopEnded()
		}
	})
}

// loopEnded lets the worker exit after its loop has returned.
func (s *server) loopEnded() {
	s.progress.endLoop()
	s.tell(wire.LoopEnded, nil)
	s.stop(0)
}

// iterate runs iterations until ctx ends, or until the loop ends itself; then
// it returns true.
func (s *server) iterate(ctx context.Context) (ended bool) {
	s.tell(wire.LoopRuns, nil)
	timer := time.NewTimer(0)
	var pause time.Duration // after a failure
	for start, n := time.Now(), time.Duration(1); ; n++ {
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		// Both may be ready, and select may have chosen the timer.
		if ctx.Err() != nil || !s.awaitPlace(ctx) {
			return false
		}
		err := s.iteration(ctx)
		switch {
		case errors.Is(err, ErrEndLoop):
			return true
		case err != nil && ctx.Err() == nil:
			s.tell(wire.LoopError, wire.AppendFault(nil, s.fault(err)))
			pause = min(max(2*pause, firstLoopPause), lastLoopPause)
		default:
			pause = 0
		}
		// As in the daemon's loop, the n-th iteration is due n intervals after the
		// start, and missed ones are skipped.
		due := time.Until(start.Add(n * s.LoopEvery))
		if due < 0 && s.LoopEvery > 0 {
			n += -due / s.LoopEvery
		}
		timer.Reset(max(due, pause))
	}
}

// iteration runs one iteration in its place, and passes the place on. An
// iteration that ends its goroutine ends the loop. A panic is not recovered: it
// has no caller to report to, and the worker's death reports it. It does not
// count as an end of the loop, and no call starts, which would die with the
// worker.
func (s *server) iteration(ctx context.Context) error {
	returned := false
	defer func() {
		if !returned {
			if !exiting() {
				return
			}
			defer s.loopEnded()
		}
		s.Busy.Add(-1)
		s.passOn()
	}()
	s.Busy.Add(1)
	s.Tally.Turns.Add(1)
	err := s.Loop(ctx)
	returned = true
	return err
}

// awaitPlace waits until the loop is not paused and has a place. A pause that
// comes while it waits behind a call holds the next iteration, too.
func (s *server) awaitPlace(ctx context.Context) bool {
	for {
		if !s.awaitResume(ctx) || !s.awaitTurn(ctx) {
			return false
		}
		if _, paused := s.loop.held(); !paused {
			return true
		}
		s.passOn()
	}
}

// passOn gives the place of the loop to the next call that waits.
func (s *server) passOn() {
	s.mu.Lock()
	next := s.pass()
	s.mu.Unlock()
	if next != nil {
		s.start(next)
	}
}

// awaitTurn waits for a place among the running calls.
func (s *server) awaitTurn(ctx context.Context) bool {
	s.mu.Lock()
	if s.stopping {
		s.mu.Unlock()
		return false
	}
	if s.active < s.Concurrency {
		s.active++
		s.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	s.loop.turn = turn
	s.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	given := s.loop.turn == nil // meanwhile
	s.loop.turn = nil
	s.mu.Unlock()
	if given {
		s.passOn()
	}
	return false
}

// takeTurn gives the loop the place that just became free, if the loop waits
// for one. The caller holds the server's lock.
func (l *ownLoop) takeTurn() bool {
	if l.turn == nil {
		return false
	}
	close(l.turn)
	l.turn = nil
	return true
}

// awaitResume waits for the end of a pause, and reports pause and end to the
// daemon.
func (s *server) awaitResume(ctx context.Context) bool {
	for { // it may be paused again at once
		resume, paused := s.loop.held()
		if !paused {
			return true
		}
		s.tell(wire.LoopPaused, nil)
		select {
		case <-resume:
			s.tell(wire.LoopRuns, nil)
		case <-ctx.Done():
			return false
		}
	}
}

// held reports whether the loop is paused, and what is closed when that ends.
func (l *ownLoop) held() (resume <-chan struct{}, paused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.resume, l.paused
}

func (l *ownLoop) pause(on bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if on == l.paused {
		return
	}
	if l.paused = on; on {
		l.resume = make(chan struct{})
	} else {
		close(l.resume)
	}
}

// stop ends the context of the loop, if the worker has one.
func (l *ownLoop) stop() {
	if l.cancel != nil {
		l.cancel()
	}
}

// tell reports the state of the loop to the daemon. It ignores the error of an
// ended link.
func (s *server) tell(state wire.LoopState, payload []byte) {
	_ = s.conn.Send(wire.Header{Kind: wire.Loop, Code: uint16(state)}, payload)
}
