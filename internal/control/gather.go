package control

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
)

// gather collects a request of bounded length. It grows as data comes, whatever
// the announced length. Beyond freeMemory it reads at the pace of a flow, and
// looks at JSON as it comes: of a request that will be refused it keeps no more
// than the refusal needs, and reads the rest at the pace of waste.
type gather struct {
	room         *room
	scan         strictjson.Scan // of JSON
	large, waste *flow
	patience     time.Duration // with the flows
	limit        int

	bytes   []byte // kept
	scanned int    // of these; -1: they are not JSON
	size    int    // of all that has come
	owed    int    // of it, not yet paid to a flow
	refused bool   // by scan: what comes now is only counted
}

// gather collects a request of the client; asJSON says that it is JSON-RPC.
func (c *conn) gather(space *room, limit int, asJSON bool) gather {
	s := c.server
	g := gather{room: space, large: &s.large, waste: &s.waste, patience: s.limits.Request, limit: limit, scanned: -1}
	if asJSON {
		g.scan, g.scanned = s.options.Registry.Scan(), 0
	}
	return g
}

// add appends p.
func (g *gather) add(p []byte) error {
	if len(p) > g.limit-g.size {
		return tooLarge(g.limit)
	}
	if !g.refused {
		if err := g.reserve(len(g.bytes) + len(p)); err != nil {
			return err
		}
		g.bytes = append(g.bytes, p...)
	}
	g.took(len(p))
	return nil
}

// read appends n bytes from in.
func (g *gather) read(in *bufio.Reader, n int) error {
	if n > g.limit-g.size {
		return tooLarge(g.limit)
	}
	for n > 0 {
		m, err := g.readSome(in, min(n, flowStep))
		n -= m
		if err != nil && n > 0 {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		g.took(m)
	}
	return nil
}

// readSome reads at most n bytes.
func (g *gather) readSome(in *bufio.Reader, n int) (int, error) {
	if g.refused {
		if _, err := in.Peek(1); err != nil {
			return 0, err
		}
		return in.Discard(min(n, in.Buffered()))
	}
	if err := g.reserve(len(g.bytes) + 1); err != nil {
		return 0, err
	}
	old := len(g.bytes)
	m, err := in.Read(g.bytes[old:min(cap(g.bytes), old+n)])
	g.bytes = g.bytes[:old+m]
	return m, err
}

// took counts n more bytes, and waits for their flow.
func (g *gather) took(n int) {
	g.size += n
	if g.size <= freeMemory {
		return
	}
	if g.scanned >= 0 && !g.refused {
		g.refused = g.scan.Next(g.bytes[g.scanned:]) != nil
		g.scanned = len(g.bytes)
	}
	if g.owed += n; g.owed < flowStep {
		return
	}
	pace := g.large
	if g.refused {
		pace = g.waste
	}
	pace.wait(g.owed, g.patience)
	g.owed = 0
}

// reserve makes the capacity at least n: twice what it was, so that copying
// stays cheap.
func (g *gather) reserve(n int) error {
	if n <= cap(g.bytes) {
		return nil
	}
	n = min(max(n, 2*cap(g.bytes), 4096), max(g.limit, n))
	if !g.room.want(n) {
		return errMemory
	}
	grown := make([]byte, len(g.bytes), n)
	copy(grown, g.bytes)
	g.bytes = grown
	return nil
}

// line reads from in up to a line feed, and appends all but that.
func (g *gather) line(in *bufio.Reader) error {
	for {
		part, err := in.ReadSlice('\n')
		if err == nil {
			return g.add(part[:len(part)-1])
		}
		if bad := g.add(part); bad != nil {
			return bad
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
