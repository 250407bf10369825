package control

import (
	"sync"
	"time"
)

// share is a limited amount of something, of which no peer may take all.
type share struct {
	total   int
	each    int // of one peer
	reserve int // of total, for operators

	mu    sync.Mutex
	used  int
	by    map[string]int
	freed chan struct{} // closed when something is given back; nil if no taker waits
}

// take takes n for a peer, or nothing.
func (s *share) take(p peer, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeLocked(p, n)
}

// await is take, but waits for a while until enough is free.
func (s *share) await(p peer, n int, patience time.Duration, stop <-chan struct{}) bool {
	if s.take(p, n) {
		return true
	}
	over := time.NewTimer(patience)
	defer over.Stop()
	for {
		s.mu.Lock()
		if s.takeLocked(p, n) {
			s.mu.Unlock()
			return true
		}
		if s.freed == nil {
			s.freed = make(chan struct{})
		}
		freed := s.freed
		s.mu.Unlock()
		select {
		case <-freed:
		case <-over.C:
			return false
		case <-stop:
			return false
		}
	}
}

func (s *share) takeLocked(p peer, n int) bool {
	total := s.total
	if !p.operator {
		total -= s.reserve
	}
	if n > total-s.used || n > s.each-s.by[p.key] {
		return false
	}
	if s.by == nil {
		s.by = map[string]int{}
	}
	s.used += n
	s.by[p.key] += n
	return true
}

// give gives back what was taken.
func (s *share) give(p peer, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= n
	if s.by[p.key] -= n; s.by[p.key] <= 0 {
		delete(s.by, p.key)
	}
	if s.freed != nil {
		close(s.freed)
		s.freed = nil
	}
}

// taken is how much is in use.
func (s *share) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}
