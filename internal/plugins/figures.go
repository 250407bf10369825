package plugins

import (
	"time"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/plugin"
)

// patience is how long a plugin may take to return its figures.
const patience = 100 * time.Millisecond

// Stats asks the plugins that are a plugin.StatsReporter for their figures.
func (s *Set) Stats() map[string]any {
	stats := map[string]any{}
	for _, e := range s.all {
		if f, ok := e.figures(); ok {
			stats[e.name] = f
		}
	}
	return stats
}

// figures asks one plugin for its figures. If it does not answer in time, or
// panics, the answer says so. A plugin that hangs holds one goroutine, however
// many times it is asked.
func (e *entry) figures() (any, bool) {
	made, _ := e.state()
	r, ok := made.(plugin.StatsReporter)
	if !ok {
		return nil, false
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	const hangs = "it does not answer"
	select {
	case e.asking <- struct{}{}:
	case <-late.C:
		return hangs, true
	}
	answer := make(chan any, 1)
	go func() {
		defer func() { <-e.asking }()
		var s any
		if err := bus.Protect(func() error { s = r.Stats(); return nil }); err != nil {
			s = err.Error()
		}
		answer <- s
	}()
	select {
	case s := <-answer:
		return s, true
	case <-late.C:
		return hangs, true
	}
}
