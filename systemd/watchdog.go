package systemd

import (
	"context"
	"fmt"
	"time"
)

const (
	// lookEvery is how often the daemon's health is looked at where systemd has no
	// watchdog: for the status line alone.
	lookEvery = 15 * time.Second
	// lookAgain is how soon it is looked at again when it is not healthy, so that
	// systemd hears at once that it is well again.
	lookAgain = time.Second
)

// watch looks at the daemon's health at each interval. If it feeds a watchdog,
// the interval is half of what systemd waits for, and each look at a healthy
// daemon sends a ping. Why the daemon is not healthy is told by the status
// line.
func (s *Service) watch(ctx context.Context, interval time.Duration, feeds bool, done chan<- struct{}) {
	defer close(done)
	timer := time.NewTimer(interval)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		if err := s.daemon.Healthy(); err != nil {
			s.miss(err, feeds)
			timer.Reset(min(interval, lookAgain))
		} else {
			s.well(feeds)
			timer.Reset(interval)
		}
	}
}

// well says that the daemon is healthy, and feeds systemd's watchdog.
func (s *Service) well(feeds bool) {
	s.mu.Lock()
	stopping := s.stopping
	s.mu.Unlock()
	var m message
	if feeds {
		m.text = "WATCHDOG=1"
	}
	if !stopping {
		m.status = s.options.Status()
	}
	s.say(m)
}

// miss says why the daemon is not healthy; then the watchdog is not fed.
func (s *Service) miss(err error, feeds bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return // which has been told
	}
	text := fmt.Sprintf("not healthy: %v", err)
	if feeds {
		s.stats.Missed++
		text = fmt.Sprintf("not healthy, the watchdog is not fed: %v", err)
	}
	s.sayLocked(message{status: text})
}

// LoopPatience is half of what systemd's watchdog waits for: how long a
// function may hold the daemon's loop until the daemon is unhealthy. 0 if there
// is none.
func (s *Service) LoopPatience() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.env.watchdog / 2
}
