package legion

import (
	"context"
	"errors"
	"fmt"
	"net"
)

// server is a declared Serve.
type server struct {
	listener *listener
	fresh    *freshConns
	serve    func(net.Listener) error
	shutdown func(context.Context) error
	served   chan struct{} // closed when serve has returned; nil before it was called
}

// Serve declares a server of the daemon: a listener as Listen makes it, and the
// two functions of a server as net/http and others have them:
//
//	d.Serve("tcp", ":8080", s.Serve, s.Shutdown) // s is an *http.Server
//
// serve is called in a goroutine of its own when the workers are ready. When the
// daemon stops, the listener is closed, and when serve has returned because of
// that, shutdown is called, which is to wait for the requests that are being
// served. Calls still work then; the context ends after half of StopTimeout. So
// an upgrade, in which the new process serves already, disturbs no request. In
// worker processes neither is called.
func (d *Daemon) Serve(network, addr string, serve func(net.Listener) error, shutdown func(context.Context) error) net.Listener {
	l := d.Listen(network, addr).(*listener)
	d.servers = append(d.servers, &server{listener: l, fresh: &freshConns{Listener: l}, serve: serve, shutdown: shutdown})
	return l
}

// startServers begins to serve.
func (d *Daemon) startServers() {
	for _, s := range d.servers {
		s.served = make(chan struct{})
		go func() {
			defer close(s.served)
			err := protect(func() error { return s.serve(s.fresh) })
			if err != nil && d.closing.Err() == nil && !errors.Is(err, net.ErrClosed) {
				where := fmt.Sprintf("the server on %s %s", s.listener.network, s.listener.addr)
				d.post(func() { d.report(where, err, false) })
			}
		}()
	}
}

// stopServers waits for the requests that are being served. The listeners are
// closed already.
func (d *Daemon) stopServers(ctx context.Context) {
	for _, s := range d.servers {
		if s.served == nil {
			continue
		}
		// A connection that was accepted just now is known to the server only when
		// serve has returned.
		select {
		case <-s.served:
		case <-ctx.Done():
		}
		s.fresh.wait(ctx)
		if err := s.shutdown(ctx); err != nil {
			d.log.Warn("a server was not shut down in good order", "addr", s.listener.addr, "err", err)
		}
	}
}
