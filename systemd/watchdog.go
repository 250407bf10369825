package systemd

import (
	"context"
	"fmt"
	"time"
)

const (
	// lookEvery is the interval between checks of the daemon's health without a
	// watchdog: only for the status line.
	lookEvery = 15 * time.Second
	// lookAgain is the interval while the daemon is not healthy, so that systemd
	// learns soon when it is healthy again.
	lookAgain = time.Second
)

// watch checks the daemon's health at each interval. If it feeds a watchdog,
// the interval is half of the time that systemd waits, and each check of a
// healthy daemon sends a ping. The status line says why the daemon is not
// healthy.
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
		return // which systemd knows already
	}
	text := fmt.Sprintf("not healthy: %v", err)
	if feeds {
		s.stats.Missed++
		text = fmt.Sprintf("not healthy, the watchdog is not fed: %v", err)
	}
	s.sayLocked(message{status: text})
}

// LoopPatience is half of the time that systemd's watchdog waits: how long a
// function may hold the daemon's loop until the daemon is unhealthy. 0 if there
// is none.
func (s *Service) LoopPatience() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.env.watchdog / 2
}
