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

// A loop that fails pauses, for twice as long after each failure in a row, so that
// what it lacks is not asked for all the time: from firstLoopPause to lastLoopPause,
// or for the rest of its interval if that is longer.
const (
	firstLoopPause = 10 * time.Millisecond
	lastLoopPause  = 10 * time.Second
)

// ownLoop is the loop that a worker runs beside its calls. An iteration takes
// the place of a call, so that calls run between two iterations and never beside
// one. When both wait, they take turns.
type ownLoop struct {
	mu     sync.Mutex
	turn   chan struct{} // closed to give the loop its place; nil if it does not wait for one
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

// loopEnded lets the worker leave, as its loop has ended by itself.
func (s *server) loopEnded() {
	s.tell(wire.LoopEnded, nil)
	s.stop()
}

// iterate runs iterations until ctx ends, or until the loop ends itself: then it
// returns true.
func (s *server) iterate(ctx context.Context) (ended bool) {
	s.tell(wire.LoopRuns, nil)
	timer := time.NewTimer(0)
	var pause time.Duration // after a failure
	for start, n := time.Now(), time.Duration(1); ; n++ {
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		// The timer may have been the first of the two.
		if ctx.Err() != nil || !s.awaitResume(ctx) || !s.awaitTurn(ctx) {
			return false
		}
		err := s.iteration(ctx)
		switch {
		case errors.Is(err, ErrEndLoop):
			return true
		case err != nil && ctx.Err() == nil:
			s.tell(wire.LoopError, wire.AppendFault(nil, s.Fault(err)))
			pause = min(max(2*pause, firstLoopPause), lastLoopPause)
		default:
			pause = 0
		}
		// As with the daemon's loop, the n-th iteration is due n intervals after
		// the start, and those that were missed are left out.
		due := time.Until(start.Add(n * s.LoopEvery))
		if due < 0 && s.LoopEvery > 0 {
			n += -due / s.LoopEvery
		}
		timer.Reset(max(due, pause))
	}
}

// iteration runs one iteration in its place, and passes the place on. One that
// ends its goroutine ends the loop. A panic is not recovered: there is no caller
// to tell, and the worker's death tells everybody. It is not told as an end of the
// loop, and no call begins that would end with it.
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
		s.mu.Lock()
		next := s.pass()
		s.mu.Unlock()
		if next != nil {
			s.start(next)
		}
	}()
	s.Busy.Add(1)
	s.Tally.Turns.Add(1)
	err := s.Loop(ctx)
	returned = true
	return err
}

// awaitTurn takes a place among what runs.
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
	defer s.mu.Unlock()
	if s.loop.turn == nil { // it was given meanwhile: hand it on
		if next := s.pass(); next != nil {
			s.start(next)
		}
	}
	s.loop.turn = nil
	return false
}

// takeTurn gives the loop the place that has just become free, if it waits for
// one. It is called under the server's lock.
func (l *ownLoop) takeTurn() bool {
	if l.turn == nil {
		return false
	}
	close(l.turn)
	l.turn = nil
	return true
}

// awaitResume waits for the end of a pause, and tells the daemon of both.
func (s *server) awaitResume(ctx context.Context) bool {
	s.loop.mu.Lock()
	paused, resume := s.loop.paused, s.loop.resume
	s.loop.mu.Unlock()
	if !paused {
		return true
	}
	s.tell(wire.LoopPaused, nil)
	select {
	case <-resume:
		s.tell(wire.LoopRuns, nil)
		return true
	case <-ctx.Done():
		return false
	}
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

// stop ends the context of the loop, if there is one.
func (l *ownLoop) stop() {
	if l.cancel != nil {
		l.cancel()
	}
}

// tell tells the daemon what the loop does. A link that has ended has nobody to
// tell.
func (s *server) tell(state wire.LoopState, payload []byte) {
	_ = s.conn.Send(wire.Header{Kind: wire.Loop, Code: uint16(state)}, payload)
}
