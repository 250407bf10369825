package worker

import "github.com/legion-go/legion/internal/wire"

// emit sends one element of a streamed result, when the reader wants one.
func (s *server) emit(j *job, b []byte) error {
	for {
		s.mu.Lock()
		if j.granted > 0 {
			j.granted--
			s.mu.Unlock()
			break
		}
		s.mu.Unlock()
		select {
		case <-j.more:
		case <-j.ctx.Done():
		}
		if err := j.ctx.Err(); err != nil {
			return err
		}
	}
	if err := j.ctx.Err(); err != nil {
		return err
	}
	return s.conn.Send(wire.Header{Kind: wire.Item, Call: j.id}, b)
}

// credit lets a streamed call send n more elements.
func (s *server) credit(id uint32, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.running[wire.Slot(id)]
	if j == nil || j.id != id {
		return
	}
	j.granted += n
	select {
	case j.more <- struct{}{}:
	default:
	}
}
