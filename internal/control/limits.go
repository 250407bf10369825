package control

import (
	"cmp"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// Limits bound the cost of clients. A field that is not above zero means the
// default. The registry limits the size of a request.
type Limits struct {
	Connections int // in all; default 512
	PerPeer     int // of one user on Unix sockets, of one IP address (IPv6: /64); default 64
	PerSecond   int // that a peer makes, and twice as many at once; default 500. No limit for root and the process's own user
	Reserve     int // of Connections and Running, for root and the process's own user; default 16

	Running int // requests executed at the same time, of one peer three quarters of these; default 64
	Memory  int // bytes of requests and answers beyond 64 KiB of each, of one peer half of these; default 64 MiB

	Large int // bytes of requests beyond 64 KiB of each that are read in a second, and half as many of refused input; default 128 MiB

	Head   int // bytes of the head of an HTTP request; default 16 KiB
	Fields int // in such a head; default 100

	FirstByte time.Duration // until a connection sends something, and for the TLS handshake; default 10 s
	Request   time.Duration // from the first byte of a request to its last; default 10 s
	Idle      time.Duration // between two HTTP requests; default 60 s. The line protocol has no such limit
	Write     time.Duration // until the client has taken the next 64 KiB; default 10 s
	Heartbeat time.Duration // between comments in a silent stream of server-sent events; default 15 s
}

// LimitsOf returns limits with the given number of connections, and the given
// time for each step of a client; those not above zero, and all others, have
// their defaults.
func LimitsOf(connections int, step time.Duration) (l Limits) {
	if n := connections; n > 0 {
		l.Connections, l.PerPeer = n, min(n, max(n/8, 8))
	}
	if step > 0 {
		l.FirstByte, l.Request, l.Write, l.Idle = step, step, step, saturate.Duration(6*float64(step))
	}
	return l
}

func (l Limits) filled() Limits {
	count := func(n, byDefault int) int { return cmp.Or(max(n, 0), byDefault) }
	span := func(d, byDefault time.Duration) time.Duration { return cmp.Or(max(d, 0), byDefault) }
	return Limits{
		Connections: count(l.Connections, 512),
		PerPeer:     count(l.PerPeer, 64),
		PerSecond:   count(l.PerSecond, 500),
		Reserve:     count(l.Reserve, 16),
		Running:     count(l.Running, 64),
		Memory:      count(l.Memory, 64<<20),
		Large:       count(l.Large, 128<<20),
		Head:        count(l.Head, 16<<10),
		Fields:      count(l.Fields, 100),
		FirstByte:   span(l.FirstByte, 10*time.Second),
		Request:     span(l.Request, 10*time.Second),
		Idle:        span(l.Idle, 60*time.Second),
		Write:       span(l.Write, 10*time.Second),
		Heartbeat:   span(l.Heartbeat, 15*time.Second),
	}
}

// Limits that are not configurable.
const (
	freeMemory    = 64 << 10               // of each request and answer, not taken from Limits.Memory
	flowStep      = 64 << 10               // bytes read at once, of large requests and of refused input
	largeBurst    = time.Second / 32       // of Limits.Large, after a pause
	turnedRate    = 10_000                 // connections in a second that are refused because they come too fast; more wait
	turnedBurst   = 50 * time.Millisecond  // of that, after a pause
	writeStep     = 64 << 10               // bytes in each Limits.Write
	lingerBytes   = 16 << 20               // read and thrown away before a refused connection is closed
	lingerTime    = 2 * time.Second        // and for how long
	lingerBrief   = 100 * time.Millisecond // the same when many connections linger, and in Shutdown
	leaving       = 128                    // connections beyond Connections that are sent their refusal
	turnPatience  = time.Second            // how long a request waits for its turn when Limits.Running run already
	goneEvery     = 500 * time.Millisecond // interval of checks whether a client still waits for its answer
	sniffed       = 64                     // white space before the first byte that tells the protocol
	longestTarget = 8 << 10                // of an HTTP request
)
