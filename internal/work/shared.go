package work

import (
	"context"
	"fmt"
	"sync"
)

// Shared is something that several callers may ask for: those that ask while
// one waits for its turn share its run. The zero Shared is ready.
type Shared struct {
	mu   sync.Mutex
	next *run // that waits for its turn; nil: none
}

// run is one run, and what the callers that share it wait for.
type run struct {
	over    chan struct{} // closed at its end, when the rest is set
	err     error
	givenUp bool // the context of its caller ended: the others do it themselves
}

// Do calls do, or waits for the run of another caller and returns its error. do
// calls begun when its turn has come: who asks from then on waits for another
// run. If the context of the caller that runs it ends, another one runs it
// again.
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
