package control

import "sync"

// share is something of which there is a limited amount, and of which no peer may take all.
type share struct {
	total   int
	each    int // of one peer
	reserve int // of total, that is for operators

	mu   sync.Mutex
	used int
	by   map[string]int
}

// take takes n for a peer, or nothing.
func (s *share) take(p peer, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
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
}

// taken is how much is in use.
func (s *share) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}
