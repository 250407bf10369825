package systemd

import (
	"fmt"
	"time"
)

// message is the contents of one datagram.
type message struct {
	text     string // assignments, one per line
	status   string // "" is none
	stopping bool   // from this one on the sender asks for more time for the stop
}

// maxQueue is how many messages may wait for systemd to read.
const maxQueue = 64

// While the daemon stops, it asks for more time, extendBy from then on, at half
// of that time. It stops asking when the stop ends, which Config.StopTimeout
// bounds.
const (
	extendBy     = 10 * time.Second
	extendMargin = time.Second
)

func extend(d time.Duration) string {
	return fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", max(d, extendMargin).Microseconds())
}

// sender sends messages, in order, until outbox is closed.
func (s *Service) sender(send func(text string) error, outbox <-chan message, done chan<- struct{}) {
	defer close(done)
	var more <-chan time.Time
	for {
		select {
		case m, ok := <-outbox:
			if !ok {
				return
			}
			if m.stopping {
				ticker := time.NewTicker(extendBy / 2)
				defer ticker.Stop()
				more = ticker.C
			}
			s.count(send(m.text))
		case <-more:
			s.count(send(extend(extendBy)))
		}
	}
}

func (s *Service) count(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.stats.Failed++
		s.stats.LastErr = err.Error()
		return
	}
	s.stats.Sent++
}
