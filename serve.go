package legion

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/drain"
)

// server is a declared Serve.
type server struct {
	listener *listener
	conns    *drain.Listener
	serve    func(net.Listener) error
	shutdown func(context.Context) error
	served   chan struct{} // closed when serve has returned; nil before it was called
}

// longestSilence is how long a stop waits for the next bytes on a connection
// without an answer.
const longestSilence = time.Second

// Serve declares a server of the daemon: a listener as Listen makes it, and the
// two functions of a server as net/http and others have them:
//
//	d.Serve("tcp", ":8080", s.Serve, s.Shutdown) // s is an *http.Server
//
// serve is called in a goroutine of its own when the workers are ready. When the
// daemon stops, the listener is closed, and serve is to return because of that.
// Each client that has connected but has had no answer yet is waited for, as long
// as bytes come or go, with pauses of at most a second and an eighth of
// StopTimeout; a connection on which nothing ever came is ended then: its server
// reads io.EOF. Then shutdown is called, which is to wait for the requests that
// are being served. Calls still work; the context ends after half of StopTimeout,
// and at least half of that is left when shutdown is called. In worker processes
// neither is called.
//
// So an upgrade, in which the new process serves already, disturbs no request
// that comes with a connection of its own. Requests on connections that are kept
// alive need a server that tells its clients to go. Package httpserve does that
// for net/http.
func (d *Daemon) Serve(network, addr string, serve func(net.Listener) error, shutdown func(context.Context) error) net.Listener {
	l := d.Listen(network, addr).(*listener)
	d.servers = append(d.servers, &server{listener: l, conns: drain.Track(l), serve: serve, shutdown: shutdown})
	return l
}

// startServers begins to serve.
func (d *Daemon) startServers() {
	for _, s := range d.servers {
		s.served = make(chan struct{})
		go func() {
			defer close(s.served)
			err := bus.Protect(func() error { return s.serve(s.conns) })
			if err != nil && d.closing.Err() == nil && !errors.Is(err, net.ErrClosed) {
				where := fmt.Sprintf("the server on %s %s", s.listener.network, s.listener.addr)
				d.reportSoon(where, err)
			}
		}()
	}
}

// stopServers waits for the requests that are being served, of all servers at
// once. The listeners are closed already.
func (d *Daemon) stopServers(ctx context.Context) {
	var all sync.WaitGroup
	for _, s := range d.servers {
		if s.served == nil {
			continue
		}
		all.Go(func() {
			if err := bus.Protect(func() error { return s.stop(ctx) }); err != nil {
				d.log.Warn("a server was not shut down in good order", "addr", s.listener.addr, "err", err)
			}
		})
	}
	all.Wait()
}

// stop waits for clients without an answer, which a server that is told to shut
// down may drop although their requests are on the way (net/http drops one that
// it has just read), and shuts the server down.
func (s *server) stop(ctx context.Context) error {
	early, done := ctx, context.CancelFunc(func() {})
	silence := longestSilence
	if end, has := ctx.Deadline(); has {
		left := time.Until(end)
		early, done = context.WithTimeout(ctx, left/2)
		silence = min(silence, left/4)
	}
	defer done()
	// A connection that was accepted just now is tracked only when serve has
	// returned.
	select {
	case <-s.served:
	case <-early.Done():
	}
	s.conns.Wait(early, func(c *drain.Conn) bool { return awaitsAnswer(c, silence) })
	return s.shutdown(ctx)
}

// awaitsAnswer reports whether a stop waits for the answer to the client of c. It
// ends connections on which no request comes.
func awaitsAnswer(c *drain.Conn, silence time.Duration) bool {
	switch {
	case c.Answered() || c.Ended():
		return false
	case c.Quiet() < silence:
		return true
	}
	return c.Silent() && c.End(silence)
}
