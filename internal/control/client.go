package control

import (
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// Client is a connected client that may use something.
type Client struct {
	ID      uint64 // counts connections; no two of one server have the same
	Network string // "unix" or "tcp"
	Address string // of the listener
	Proto   string // "http", "json" (lines) or "xml"
	Name    string // "uid 1000 pid 4711", "cert ops", "token deploy", or its IP address and port
	UID     int    // -1 if unknown, as on TCP
	GID     int    // likewise
	PID     int    // 0 if unknown
	Role    rpc.Role
	Since   time.Time
}

// Stats are a server's counts, since it was made and now.
type Stats struct {
	Connections int // open now
	Running     int // requests being executed now
	Memory      int // bytes that large requests and answers take now
	Accepted    int // connections
	Requests    int // executed
	Refused     int // connections and requests, for whatever reason
	Evicted     int // idle connections that were closed in favour of others
}

// Stats returns the counts as they are now.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.stats
	now.Connections, now.Running, now.Memory = len(s.conns), s.running.taken(), s.memory.taken()
	return now
}

func (s *Server) count(change func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.stats)
}
