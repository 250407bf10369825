package control

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// conn is a connection. One goroutine converses with the client, and owns all
// fields for which no other owner is named.
type conn struct {
	server  *Server
	address Address
	peer    peer
	raw     net.Conn
	safe    net.Conn // raw, or TLS over it
	in      *bufio.Reader
	cancel  context.CancelCauseFunc // ends what the connection executes

	protocol protocol
	caller   rpc.Caller
	line     []byte // being answered: a refusal takes its id

	writing sync.Mutex // held while something is written: streams write beside the conversation

	// Guarded by Server.mu.
	client     Client
	greeted    bool // Connected was called
	phase      phase
	served     bool         // a request was answered
	heard      time.Time    // when the phase began, or something was written
	ending     *refusal     // why the connection will end
	turnedAway bool         // there was no place for it
	session    *rpc.Session // of the line protocol
}

func newConn(s *Server, raw net.Conn, a Address, p peer, cancel context.CancelCauseFunc) *conn {
	now := time.Now()
	return &conn{
		server: s, address: a, peer: p, raw: raw, safe: raw, in: bufio.NewReader(raw), cancel: cancel, heard: now,
		client: Client{Network: a.Network, Address: a.String(), UID: p.uid, GID: p.gid, PID: p.pid, Since: now},
	}
}

// converse is the life of a connection.
func (c *conn) converse(ctx context.Context) {
	defer c.close()
	defer func() {
		if v := recover(); v != nil { // our bug must cost only this client
			c.server.options.Log.Error("control: a panic; the connection is closed", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
	}()
	if err := c.begin(ctx); err != nil {
		c.fail(err)
		return
	}
	switch c.protocol {
	case http:
		c.serveHTTP(ctx)
	case xml:
		c.serveXML(ctx)
	default:
		c.serveLines(ctx)
	}
}

// begin waits for the first bytes, does the handshake of TLS, and finds out the
// client and its protocol.
func (c *conn) begin(ctx context.Context) error {
	patience := c.server.limits.FirstByte
	if c.dismissed() != nil {
		patience = min(patience, lingerTime)
	}
	if err := c.enter(waiting, patience); err != nil {
		return err
	}
	since := time.Now()
	if err := c.sniff(); err != nil {
		c.hintSilent(since)
		return err
	}
	if c.address.Network == "tcp" {
		if err := c.secure(ctx); err != nil {
			return err
		}
	}
	role := roles(c.server.options.Rules, c.server.self, c.peer)
	c.caller = rpc.Caller{Name: c.peer.name(), Role: max(role, c.address.Anyone), Via: c.address.String()}
	c.greet(c.caller)
	return c.dismissed()
}

// dismissed is why the connection got no place.
func (c *conn) dismissed() error {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.turnedAway {
		return c.ending
	}
	return nil
}

// sniff waits until the first bytes tell the protocol.
func (c *conn) sniff() error {
	for n := 1; ; n++ {
		first, err := c.in.Peek(max(n, min(c.in.Buffered(), sniffed)))
		if err != nil {
			return err
		}
		var known bool
		if c.protocol, known = sniff(first); known {
			return nil
		}
	}
}

// recordHandshake is the first byte of a TLS connection.
const recordHandshake = 0x16

// secure does the handshake if the address uses TLS.
func (c *conn) secure(ctx context.Context) error {
	first, err := c.in.Peek(1)
	if err != nil {
		return err
	}
	if with := c.server.options.TLS; with != nil && !c.address.Plain {
		if err := c.dismissed(); err != nil && first[0] == recordHandshake {
			c.protocol = silent // saying why would take a handshake
			return err
		}
		if first[0] != recordHandshake {
			return httpRefusal(400, "this address speaks TLS only")
		}
		c.protocol = silent
		within := c.server.limits.FirstByte
		_ = c.raw.SetDeadline(time.Now().Add(within))
		shaking, cancel := context.WithTimeout(ctx, within)
		safe, names, err := with.Server(shaking, behind{c.raw, c.in})
		cancel()
		_ = c.raw.SetWriteDeadline(time.Time{})
		if err != nil {
			c.server.complaints.say("control: refused: no handshake", "who", c.peer.name(), "address", c.address.String(), "err", err)
			return io.EOF
		}
		c.safe, c.in, c.peer.certs = safe, bufio.NewReader(safe), names
		if err := c.enter(waiting, within); err != nil {
			return err
		}
		return c.sniff()
	}
	if first[0] == recordHandshake {
		c.protocol = silent
		c.server.complaints.say("control: refused: it speaks TLS to an address without TLS", "who", c.peer.name(), "address", c.address.String())
		return io.EOF
	}
	return nil
}

// behind is a connection of which a few bytes were read already.
type behind struct {
	net.Conn
	in *bufio.Reader
}

func (b behind) Read(p []byte) (int, error) { return b.in.Read(p) }

// greet tells the daemon of a client that may use something, once.
func (c *conn) greet(caller rpc.Caller) {
	s := c.server
	s.mu.Lock()
	first := !c.greeted && !c.turnedAway && caller.Role > rpc.None
	if first {
		c.greeted = true
		c.client.Proto, c.client.Name, c.client.Role = c.protocol.String(), caller.Name, caller.Role
	}
	client := c.client
	s.mu.Unlock()
	if first && s.options.Connected != nil {
		s.options.Connected(client)
	}
}

// changed notes who the client is, after rpc.auth or rpc.lower.
func (c *conn) changed(caller rpc.Caller) {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.client.Name, c.client.Role, c.client.As = caller.Name, caller.Role, caller.As
}

// close ends the connection.
func (c *conn) close() {
	s := c.server
	_ = c.raw.SetDeadline(time.Now().Add(s.limits.Write)) // TLS sends close_notify
	_ = c.safe.Close()
	_ = c.raw.Close()
	s.mu.Lock()
	greeted, client := c.greeted, c.client
	s.mu.Unlock()
	if greeted && s.options.Closed != nil {
		s.options.Closed(client)
	}
}

// enter begins a phase, or says why the connection must end instead. In waiting
// and reading the client's input must come within the given time; 0 is without
// limit.
func (c *conn) enter(p phase, within time.Duration) error {
	s := c.server
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.phase == running && p == waiting {
		c.served = true
	}
	if c.ending != nil && (p <= reading && !c.turnedAway || p == streaming) {
		return c.ending
	}
	c.phase, c.heard = p, time.Now()
	if p > reading || within == 0 {
		return c.raw.SetReadDeadline(time.Time{})
	}
	return c.raw.SetReadDeadline(c.heard.Add(within))
}

// fail ends the connection after an error: it sends a refusal, or closes
// silently if the client has gone.
func (c *conn) fail(err error) {
	s := c.server
	s.mu.Lock()
	ending, where, served := c.ending, c.phase, c.served
	s.mu.Unlock()
	why, refused := errors.AsType[*refusal](err)
	if why == errFramed {
		c.hintFramed()
	}
	switch {
	case refused:
	case timedOut(err) && ending != nil:
		why = ending
	case timedOut(err) && where == reading:
		why = &refusal{status: 408, code: rpc.CodeSystem, text: fmt.Sprintf("the request was not complete within %v", s.limits.Request)}
	case errors.Is(err, io.ErrUnexpectedEOF) && where == reading:
		why = httpRefusal(400, "the request ends in the middle")
	default:
		return // the client has gone, or sent nothing
	}
	if c.protocol == http && why == ending && served && where != reading {
		return // the normal end of HTTP, between two requests
	}
	c.refuse(why)
}

// write writes its arguments, one after the other, as fast as the client takes
// them; slower than Limits.Write allows is an error. After an error the
// connection is closed.
func (c *conn) write(parts ...[]byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	for _, b := range parts {
		for len(b) > 0 {
			step := b[:min(len(b), writeStep)]
			_ = c.raw.SetWriteDeadline(time.Now().Add(c.server.limits.Write))
			if _, err := c.safe.Write(step); err != nil {
				if timedOut(err) {
					c.server.complaints.say("control: closed: it does not read its answer", "who", c.peer.name(), "address", c.address.String())
				}
				c.cancel(err)
				_ = c.raw.Close()
				return err
			}
			b = b[len(step):]
		}
	}
	c.server.mu.Lock()
	c.heard = time.Now()
	c.server.mu.Unlock()
	return nil
}

var lineFeed = []byte{'\n'}

// writeLine writes a line; a short one in one piece.
func (c *conn) writeLine(line []byte) error {
	if len(line) <= freeMemory {
		return c.write(append(line[:len(line):len(line)], '\n'))
	}
	return c.write(line, lineFeed)
}

// execute runs fn, which answers a request, and ends the connection's context
// if the client goes away meanwhile. If too many requests run already it waits
// for a while, and then refuses.
func (c *conn) execute(fn func()) *refusal {
	s := c.server
	if !s.running.await(c.peer, 1, turnPatience, s.stop) {
		s.refused(errBusy)
		return errBusy
	}
	defer s.running.give(c.peer, 1)
	defer c.watch(c.cancel)()
	fn()
	return nil
}

var errGone = errors.New("the client has gone")

// watch calls cancel when the client goes, until the returned function is
// called.
func (c *conn) watch(cancel context.CancelCauseFunc) (stop func()) {
	var mu sync.Mutex
	var look *time.Timer
	ended := false
	mu.Lock()
	defer mu.Unlock()
	look = time.AfterFunc(goneEvery, func() {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case ended:
		case c.gone():
			cancel(errGone)
		default:
			look.Reset(goneEvery)
		}
	})
	return func() {
		mu.Lock()
		defer mu.Unlock()
		ended = true
		look.Stop()
	}
}

// gone reports whether the client has closed its end. An HTTP client that has
// closed only its sending half counts as gone too, as with other servers; in
// the other protocols that means no more requests.
func (c *conn) gone() bool {
	gone := false
	err := onDescriptor(c.raw, func(fd int) error {
		gone = hungUp(fd, c.protocol == http)
		return nil
	})
	return gone || errors.Is(err, net.ErrClosed)
}
