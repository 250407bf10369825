package pace

import "sync"

// Set holds the limits that have a count to report. Its zero value is empty.
type Set struct {
	mu     sync.Mutex
	paused map[*Limit]struct{}
}

// Flush ends the pauses of all limits, and returns once all counts have been
// reported.
func (s *Set) Flush() {
	for _, l := range s.all() {
		l.Flush()
	}
}

func (s *Set) all() (all []*Limit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.paused {
		all = append(all, l)
	}
	return all
}

func (s *Set) add(l *Limit) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.paused == nil {
		s.paused = map[*Limit]struct{}{}
	}
	s.paused[l] = struct{}{}
}

func (s *Set) remove(l *Limit) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.paused, l)
}
