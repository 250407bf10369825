package control

import (
	"context"
	"net"
	"time"
)

// phase is what a connection is doing. Only one that executes nothing may be
// closed in favour of others.
type phase uint8

const (
	waiting   phase = iota // for a request
	reading                // a request
	running                // executing one, or writing the answer
	streaming              // sending its items
)

// accept begins a conversation, or says why not. It does not wait. It returns
// false if the client connects too fast.
func (s *Server) accept(raw net.Conn, a Address) bool {
	p, err := peerOf(raw, a, s.self)
	if err == nil && s.options.Worker != nil && s.options.Worker(p.pid) {
		p.worker, p.operator, p.key = true, false, "workers"
	}
	if err != nil {
		s.complaints.say("control: refused, because the system does not identify the client", "address", a.String(), "err", err)
		_ = raw.Close()
		return true
	}
	return s.welcome(raw, a, p)
}

// welcome begins the conversation with a peer, unless it connects too fast.
func (s *Server) welcome(raw net.Conn, a Address, p peer) bool {
	if !p.operator && !s.arrivals.take(p.key) {
		s.complaints.say("control: refused, because connections come too fast", "client", p.name())
		s.refused(errBusy)
		_ = raw.Close()
		return false
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	c := newConn(s, raw, a, p, cancel)
	why := s.admit(c)
	if why != nil && !s.turnAway(c, why) {
		cancel(why)
		_ = raw.Close()
		return true
	}
	go func() {
		defer s.conversations.Done()
		defer cancel(nil)
		defer s.leave(c)
		c.converse(ctx)
	}()
	return true
}

// admit finds a place for a connection, if necessary by closing an idle one.
func (s *Server) admit(c *conn) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	c.client.ID = s.last
	if s.stopped {
		return errStopping
	}
	if s.peers[c.peer.key] >= s.limits.PerPeer {
		if !s.evictLocked(func(other *conn) bool { return other.peer.key == c.peer.key }) {
			return errFull
		}
	}
	most := s.limits.Connections
	if !c.peer.operator {
		most -= min(s.limits.Reserve, most/2)
	}
	if len(s.conns) >= most {
		if !s.evictLocked(func(other *conn) bool { return c.peer.operator || !other.peer.operator }) {
			return errFull
		}
	}
	s.conns[c], s.all[c] = struct{}{}, struct{}{}
	s.peers[c.peer.key]++
	s.conversations.Add(1)
	return nil
}

// turnAway sends the refusal to a connection that gets no place, unless too
// many refusals are being sent. The connection ends soon.
func (s *Server) turnAway(c *conn, why *refusal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaving >= leaving || s.stopped {
		s.refusedLocked(why.reason())
		return false
	}
	s.leaving++
	s.all[c] = struct{}{}
	s.conversations.Add(1)
	c.ending, c.turnedAway = why, true
	return true
}

// evictLocked closes one of the connections that that may allows: of the peer
// with the most, preferably one that has never had an answer, and of these the
// one that has been silent longest.
func (s *Server) evictLocked(may func(*conn) bool) bool {
	var victim *conn
	for c := range s.conns {
		if c.idle() && may(c) && (victim == nil || s.ratherLocked(c, victim)) {
			victim = c
		}
	}
	if victim == nil {
		return false
	}
	s.stats.Evicted++
	victim.endLocked(errEvicted)
	return true
}

// idle reports whether c executes nothing and has no stream.
func (c *conn) idle() bool {
	return c.phase <= reading && (c.session == nil || c.session.Streams() == 0)
}

// ratherLocked reports whether to close a rather than b.
func (s *Server) ratherLocked(a, b *conn) bool {
	if x, y := s.peers[a.peer.key], s.peers[b.peer.key]; x != y {
		return x > y
	}
	if a.served != b.served {
		return !a.served
	}
	return a.heard.Before(b.heard)
}

// makeRoom closes an idle connection when the system has no descriptors left.
func (s *Server) makeRoom() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evictLocked(func(*conn) bool { return true })
}

// endLocked makes a connection end as soon as it executes nothing. Its place is
// free at once if it is idle.
func (c *conn) endLocked(why *refusal) {
	if c.ending != nil {
		return
	}
	c.ending = why
	switch c.phase {
	case waiting, reading:
		c.giveUpPlaceLocked()
		_ = c.raw.SetReadDeadline(time.Unix(1, 0)) // its goroutine wakes up, and says why
		if s := c.server; s.leaving > leaving {
			_ = c.raw.Close()
		}
	case streaming:
		c.cancel(why)
	}
}

// giveUpPlaceLocked counts a connection as leaving.
func (c *conn) giveUpPlaceLocked() {
	s := c.server
	if _, counted := s.conns[c]; !counted {
		return
	}
	delete(s.conns, c)
	if s.peers[c.peer.key]--; s.peers[c.peer.key] <= 0 {
		delete(s.peers, c.peer.key)
	}
	s.leaving++
}

// hurried reports whether connections should end quickly.
func (s *Server) hurried() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped || s.leaving > leaving/4
}

// leave forgets a connection that has ended.
func (s *Server) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.giveUpPlaceLocked()
	s.leaving--
	delete(s.all, c)
}
