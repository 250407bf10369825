package control

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/legion-go/legion/internal/rpc"
)

// serveXML is XML-RPC without HTTP: one document, its answer, the end.
func (c *conn) serveXML(ctx context.Context) {
	if c.caller.Role == rpc.None {
		c.fail(c.stranger(""))
		return
	}
	space := &room{share: &c.server.memory, peer: c.peer}
	defer space.free()
	call, err := c.readDocument(space)
	if err == nil {
		err = c.enter(running, 0)
	}
	if err != nil {
		c.fail(err)
		return
	}
	var answer []byte
	ctx = rpc.WithCaller(ctx, c.caller)
	if why := c.execute(func() { answer = c.server.options.Registry.XML(ctx, call) }); why != nil {
		c.refuse(why)
		return
	}
	space.free()
	if !space.want(len(answer)) {
		c.refuse(errMemory)
		return
	}
	if c.write(answer) == nil {
		c.linger()
	}
}

// readDocument reads until the document or the client ends.
func (c *conn) readDocument(space *room) ([]byte, error) {
	if err := c.enter(reading, c.server.limits.Request); err != nil {
		return nil, err
	}
	g := c.gather(space, c.server.request, false)
	var end callEnd
	for {
		if _, err := c.in.Peek(1); err != nil {
			if errors.Is(err, io.EOF) {
				return g.bytes, nil
			}
			return nil, err
		}
		ahead, _ := c.in.Peek(c.in.Buffered())
		n, done := end.find(ahead)
		if err := g.add(ahead[:n]); err != nil {
			return nil, err
		}
		_, _ = c.in.Discard(n)
		if done && bytes.HasPrefix(g.bytes, []byte{0xFF, 0xFE}) {
			return g.bytes, g.read(c.in, 1) // in UTF-16 the other half of the last character
		}
		if done {
			return g.bytes, nil
		}
	}
}

// callEnd finds the end of a <methodCall>, and ignores that text inside
// comments, instructions and CDATA sections. It skips zero bytes, so that it
// finds the end in UTF-16 too.
type callEnd struct {
	begun  []byte  // the bytes since a < that may begin one of sections
	until  string  // the end of the current section, "" outside
	recent [2]byte // inside: the last two bytes
}

// The beginnings of sections to skip, and their ends; and the tag to find.
var sections = [...]struct{ begin, end string }{
	{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"</methodCall", ">"},
}

// find returns how much of text belongs to the document, and whether it ends
// there.
func (e *callEnd) find(text []byte) (n int, done bool) {
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case b == 0:
		case e.until != "":
			if e.inside(b) {
				return i + 1, true
			}
		case len(e.begun) > 0:
			e.outside(b)
		default: // most of a document: be quick
			skip := bytes.IndexByte(text[i:], '<')
			if skip < 0 {
				return len(text), false
			}
			i += skip
			e.begun = append(e.begun, '<')
		}
	}
	return len(text), false
}

// inside takes a byte of a section, and reports whether it ends the call.
func (e *callEnd) inside(b byte) bool {
	before := len(e.until) - 1
	if b == '>' && string(e.recent[2-before:]) == e.until[:before] {
		if before == 0 {
			return true
		}
		e.until = ""
	}
	e.recent = [2]byte{e.recent[1], b}
	return false
}

// outside takes a byte after a <.
func (e *callEnd) outside(b byte) {
	e.begun = append(e.begun, b)
	may := false
	for _, s := range sections {
		if string(e.begun) == s.begin {
			e.until, e.recent = s.end, [2]byte{}
			break
		}
		may = may || len(e.begun) < len(s.begin) && s.begin[:len(e.begun)] == string(e.begun)
	}
	if !may || e.until != "" {
		e.begun = e.begun[:0]
		if b == '<' {
			e.begun = append(e.begun, b)
		}
	}
}
