package httpserve

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/drain"
)

// server is an http.Server of a daemon.
type server struct {
	http     *http.Server
	lameDuck time.Duration
	conns    atomic.Pointer[drain.Listener]
	leaving  atomic.Bool // whether clients are told to go
}

// What the server does on a connection, as drain.Conn.State.
const (
	waiting  = iota // for a request, the first or the next
	busy            // with a request
	http2           // Shutdown knows more: it can send GOAWAY
	hijacked        // the handler ends it
)

// serve serves until the listener is closed. From then on, clients are told to
// go.
func (s *server) serve(l net.Listener) error {
	defer s.leaving.Store(true)
	s.conns.Store(drain.Track(l))
	s.http.Handler = s.farewell(s.http.Handler)
	s.http.ConnState = s.watch(s.http.ConnState)
	if s.http.TLSConfig != nil {
		return s.http.ServeTLS(s.conns.Load(), "", "")
	}
	return s.http.Serve(s.conns.Load())
}

// farewell makes answers tell the client to go, once the server leaves.
// net/http turns the header into GOAWAY for HTTP/2.
func (s *server) farewell(next http.Handler) http.Handler {
	if next == nil {
		next = http.DefaultServeMux
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.leaving.Load() && !upgrades(r) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// upgrades reports whether r asks for another protocol, for WebSocket for
// instance, whose answer has a Connection header of its own. It is false for
// h2c, which some clients ask for with each first request and no handler
// answers.
func upgrades(r *http.Request) bool {
	to := r.Header.Get("Upgrade")
	return to != "" && !strings.EqualFold(to, "h2c")
}

// watch records for each connection what the server does with it.
func (s *server) watch(next func(net.Conn, http.ConnState)) func(net.Conn, http.ConnState) {
	return func(c net.Conn, state http.ConnState) {
		if t := tracked(c); t != nil {
			t.State.Store(stateOf(c, t, state))
		}
		if next != nil {
			next(c, state)
		}
	}
}

func stateOf(c net.Conn, t *drain.Conn, state http.ConnState) int32 {
	switch {
	case state == http.StateHijacked:
		return hijacked
	case state == http.StateNew:
		return waiting
	case speaksHTTP2(c, t):
		return http2
	case state == http.StateActive:
		return busy
	}
	return waiting
}

// speaksHTTP2 reports whether a connection on which bytes have come speaks
// HTTP/2, by agreement in TLS or, without, by its first bytes.
func speaksHTTP2(c net.Conn, t *drain.Conn) bool {
	if c, is := c.(*tls.Conn); is {
		return c.ConnectionState().NegotiatedProtocol == "h2"
	}
	return t.Head() == "PRI"
}

// tracked returns the connection below TLS.
func tracked(c net.Conn) *drain.Conn {
	if c, is := c.(*tls.Conn); is {
		return tracked(c.NetConn())
	}
	t, _ := c.(*drain.Conn)
	return t
}

// shutdown waits until clients have gone, ends connections that are not used,
// and shuts the server down. A quarter of the time is left to Shutdown, which
// waits for a second after it has sent GOAWAY.
func (s *server) shutdown(ctx context.Context) error {
	s.leaving.Store(true)
	early, done := ctx, context.CancelFunc(func() {})
	quiet := s.lameDuck
	if end, has := ctx.Deadline(); has {
		left := time.Until(end)
		early, done = context.WithTimeout(ctx, left*3/4)
		quiet = min(quiet, left/4)
	}
	defer done()
	if conns := s.conns.Load(); conns != nil {
		conns.Wait(early, func(c *drain.Conn) bool { return open(c, quiet) })
	}
	return s.http.Shutdown(ctx)
}

// open reports whether to wait for c, and ends it if it is not used.
func open(c *drain.Conn, quiet time.Duration) bool {
	switch c.State.Load() {
	case hijacked:
		return false
	case busy:
		return true
	case http2:
		return c.Quiet() < quiet
	}
	return c.End(quiet) || !c.Ended()
}
