package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/rpc"
)

// serveLines is the line protocol: a request or a batch of JSON-RPC on each
// line.
func (c *conn) serveLines(ctx context.Context) {
	session := c.server.options.Registry.NewSession(rpc.WithCaller(ctx, c.caller), c.writeLine)
	defer session.Close()
	c.server.mu.Lock()
	c.session = session
	c.server.mu.Unlock()
	defer c.raw.Close() // before Close, which would wait for a stream that is stuck in writing
	for {
		err := c.nextLine(session)
		if errors.Is(err, io.EOF) {
			c.untilStreamsEnd(ctx, session)
			return
		}
		if err != nil {
			c.fail(err)
			return
		}
	}
}

// nextLine waits for a line, and answers it.
func (c *conn) nextLine(session *rpc.Session) error {
	space := &room{share: &c.server.memory, peer: c.peer}
	defer space.free()
	c.line = nil
	before := session.Caller()
	line, err := c.readLine(space, before.Role)
	if err != nil {
		return err
	}
	c.line = line
	if framed(line) {
		return errFramed
	}
	if before.Role == rpc.None {
		if method := methodOf(line); method != "rpc.auth" {
			return c.stranger(method)
		}
	}
	if err := c.enter(running, 0); err != nil {
		return err
	}
	var answer []byte
	if why := c.execute(func() { answer = session.Handle(line) }); why != nil {
		answer = why.to(line)
	}
	space.free()
	if !space.want(len(answer)) {
		answer = errMemory.to(line)
	}
	if answer != nil {
		if err := c.writeLine(answer); err != nil {
			return err
		}
	}
	after := session.Caller()
	if after.Role == rpc.None {
		c.server.complaints.say("control: refused: a wrong token", "who", c.peer.name(), "address", c.address.String())
		c.linger()
		return net.ErrClosed // the answer has said why
	}
	if before.Role == rpc.None {
		c.caller = after
		c.greet(after)
	}
	if after != before {
		c.changed(after)
	}
	return nil
}

// readLine returns the next line that is not empty. A last one may lack its
// line feed. An unknown client must send it soon, and keep it short.
func (c *conn) readLine(space *room, from rpc.Role) ([]byte, error) {
	wait, limit := time.Duration(0), c.server.request
	if from == rpc.None {
		wait, limit = c.server.limits.FirstByte, min(limit, freeMemory)
	}
	if err := c.enter(waiting, wait); err != nil {
		return nil, err
	}
	for {
		if _, err := c.in.Peek(1); err != nil {
			return nil, err
		}
		ahead, _ := c.in.Peek(c.in.Buffered())
		rest := bytes.TrimLeft(ahead, " \t\r\n")
		_, _ = c.in.Discard(len(ahead) - len(rest))
		if len(rest) > 0 {
			break
		}
	}
	if err := c.enter(reading, c.server.limits.Request); err != nil {
		return nil, err
	}
	g := c.gather(space, limit, true)
	if err := g.line(c.in); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return g.bytes, nil
}

// methodOf is the method of a request, "" if the line is something else.
func methodOf(line []byte) string {
	var request struct {
		Method string `json:"method"`
	}
	if json.Unmarshal(line, &request) != nil || len(request.Method) > 128 {
		return ""
	}
	return request.Method
}

// to is the refusal as the answer to a request that was read, nil if the
// request expects no answer.
func (r *refusal) to(line []byte) []byte {
	var request struct {
		ID jsontext.Value `json:"id"`
	}
	whole := json.Unmarshal(line, &request) == nil
	if whole && request.ID == nil {
		return nil
	}
	answer := rpc.JSONError(r.code, r.text)
	if at := bytes.LastIndex(answer, []byte("null")); whole && at >= 0 {
		answer = append(append(answer[:at:at], request.ID...), '}')
	}
	return answer
}

// untilStreamsEnd waits for the streams of a client that has shut down its
// sending half.
func (c *conn) untilStreamsEnd(ctx context.Context, session *rpc.Session) {
	if c.enter(streaming, 0) != nil {
		return
	}
	look := time.NewTicker(goneEvery)
	defer look.Stop()
	for {
		if session.Streams() == 0 || c.gone() {
			return
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}
