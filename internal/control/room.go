package control

import (
	"bufio"
	"errors"
	"io"
)

// room is the memory that one request, or one answer, takes from the server's
// share.
type room struct {
	share *share
	peer  peer
	taken int
}

// want makes sure that there is room for n bytes; the first of them are free.
func (r *room) want(n int) bool {
	more := max(0, n-freeMemory) - r.taken
	if more <= 0 {
		return true
	}
	if !r.share.take(r.peer, more) {
		return false
	}
	r.taken += more
	return true
}

// free gives everything back.
func (r *room) free() {
	if r.taken > 0 {
		r.share.give(r.peer, r.taken)
		r.taken = 0
	}
}

// gather collects a request of bounded length. It grows as data comes, whatever
// the announced length.
type gather struct {
	room  *room
	limit int
	bytes []byte
}

// add appends p.
func (g *gather) add(p []byte) error {
	if len(p) > g.limit-len(g.bytes) {
		return tooLarge(g.limit)
	}
	if err := g.reserve(len(g.bytes) + len(p)); err != nil {
		return err
	}
	g.bytes = append(g.bytes, p...)
	return nil
}

// read appends n bytes from in.
func (g *gather) read(in *bufio.Reader, n int) error {
	if n > g.limit-len(g.bytes) {
		return tooLarge(g.limit)
	}
	for n > 0 {
		if err := g.reserve(len(g.bytes) + 1); err != nil {
			return err
		}
		old := len(g.bytes)
		space := g.bytes[old:min(cap(g.bytes), old+n)]
		m, err := in.Read(space)
		g.bytes = g.bytes[:old+m]
		n -= m
		if err != nil && n > 0 {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
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
