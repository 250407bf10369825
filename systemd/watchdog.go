package systemd

import (
	"context"
	"fmt"
	"time"
)

// watchdog sends a ping at each interval, half of what systemd waits for. The
// ticker only asks: it is the loop and the pools that answer, for which they have
// until the next time. So a ping that is held up comes as long as systemd still
// waits.
func (s *Service) watchdog(ctx context.Context, interval time.Duration, done chan<- struct{}) {
	defer close(done)
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		asking, cancel := context.WithTimeout(ctx, interval)
		err := s.daemon.Responsive(asking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			s.ping()
		default:
			s.miss(err)
		}
	}
}

// ping feeds systemd's watchdog.
func (s *Service) ping() {
	s.mu.Lock()
	stopping := s.stopping
	s.mu.Unlock()
	m := message{text: "WATCHDOG=1"}
	if !stopping {
		m.status = s.options.Status()
	}
	s.say(m)
}

// miss says why the watchdog is not fed.
func (s *Service) miss(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Missed++
	s.sayLocked(message{status: fmt.Sprintf("not responsive, the watchdog is not fed: %v", err)})
}
