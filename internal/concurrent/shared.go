package concurrent

import (
	"context"
	"fmt"
	"sync"
)

// Shared is work that several callers may ask for: callers that ask while a run
// waits for its turn share that run. The zero Shared is ready.
type Shared struct {
	mu   sync.Mutex
	next *run // waiting for its turn; nil: none
}

// run is one run, shared by callers.
type run struct {
	over    chan struct{} // closed at its end, after the other fields are set
	err     error
	givenUp bool // the context of its caller ended: another caller does it
}

// Do calls do, or waits for the run of another caller and returns its error. do
// calls begun when its turn has come: later callers wait for another run. If
// the context of the caller that runs it ends, another caller runs it again.
func (s *Shared) Do(ctx context.Context, do func(begun func()) error) error {
	for {
		next, first := s.join()
		if first {
			begun := func() { s.leave(next) }
			next.err = do(begun)
			begun()
			next.givenUp = ctx.Err() != nil
			close(next.over)
			return next.err
		}
		select {
		case <-next.over:
			if !next.givenUp {
				return next.err
			}
		case <-ctx.Done():
			return fmt.Errorf("waiting with others for their reload: %w", context.Cause(ctx))
		}
	}
}

// join returns the run that waits for its turn. first reports whether the
// caller must do it.
func (s *Shared) join() (next *run, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next, first = &run{over: make(chan struct{})}, true
	}
	return s.next, first
}

func (s *Shared) leave(r *run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == r {
		s.next = nil
	}
}
