package worker

import "github.com/legion-go/legion/internal/wire"

// emit sends one element of a streamed result, when the window has room.
func (s *server) emit(j *job, b []byte) error {
	for {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		room := !j.ahead.Full()
		if room {
			j.ahead.Add(len(b))
		}
		s.mu.Unlock()
		if room {
			return s.conn.Send(wire.Header{Kind: wire.Item, Call: j.id}, b)
		}
		select {
		case <-j.more:
		case <-j.ctx.Done():
		}
	}
}

// credit lets a streamed call send more, because its reader has taken elements.
func (s *server) credit(id uint32, taken wire.Taken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.running[wire.Slot(id)]
	if j == nil || j.id != id {
		return
	}
	j.ahead.Take(taken)
	select {
	case j.more <- struct{}{}:
	default:
	}
}
