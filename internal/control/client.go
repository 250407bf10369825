package control

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

// Client is a connected client that may use something.
type Client struct {
	ID      uint64 // counts connections; no two of one server have the same
	Network string // "unix" or "tcp"
	Address string // of the listener
	Proto   string // "http", "json" (lines) or "xml"
	Name    string // "uid 1000 pid 4711", "cert ops", "token deploy", or its IP address and port
	As      string // the person for whom it acts, as it says; "" if it does not
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

// tally returns the counts for the statistics of the daemon.
func (s *Server) tally() status.ControlStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return status.ControlStats{Connections: len(s.conns), Requests: s.options.Registry.Counts(), Refused: maps.Clone(s.reasons)}
}

// refused counts a refusal.
func (s *Server) refused(why *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusedLocked(why.reason())
}

func (s *Server) refusedLocked(reason string) {
	s.stats.Refused++
	s.reasons[reason]++
}

// Clients returns the clients that may use something, by their ID.
func (s *Server) Clients() (all []Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.greeted {
			all = append(all, c.client)
		}
	}
	slices.SortFunc(all, func(a, b Client) int { return cmp.Compare(a.ID, b.ID) })
	return all
}
