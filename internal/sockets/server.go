package sockets

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/drain"
)

// longestSilence is how long a stop waits for the next bytes on a connection
// without an answer.
const longestSilence = time.Second

// Server is a server on a listener.
type Server struct {
	Listener *Listener
	conns    *drain.Listener
	serve    func(net.Listener) error
	shutdown func(context.Context) error
	served   chan struct{} // closed when serve has returned; nil before it was called
}

// NewServer returns a server that is not started.
func NewServer(l *Listener, serve func(net.Listener) error, shutdown func(context.Context) error) *Server {
	return &Server{Listener: l, conns: drain.Track(l), serve: serve, shutdown: shutdown}
}

// Start calls serve on a goroutine of its own. It calls failed for an error
// other than the end of the listener.
func (s *Server) Start(failed func(error)) {
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		if err := bus.Protect(func() error { return s.serve(s.conns) }); err != nil && !errors.Is(err, net.ErrClosed) {
			failed(err)
		}
	}()
}

// Stop waits for clients without an answer, and then calls shutdown: during a
// shutdown, a server may drop requests that are on the way (net/http drops one
// that it has just read). The listener is closed already. On a server that was
// not started, Stop does nothing.
func (s *Server) Stop(ctx context.Context) error {
	if s.served == nil {
		return nil
	}
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
	return bus.Protect(func() error { return s.shutdown(ctx) })
}

// StopAll stops servers at the same time, and waits for their requests. Their
// listeners are closed already.
func StopAll(ctx context.Context, servers []*Server, log *slog.Logger) {
	var all sync.WaitGroup
	for _, s := range servers {
		all.Go(func() {
			if err := s.Stop(ctx); err != nil {
				log.Warn("a server did not shut down cleanly", "addr", s.Listener.Address, "err", err)
			}
		})
	}
	all.Wait()
}

// awaitsAnswer reports whether a stop waits for the answer to the client of c.
// It ends connections on which no request comes.
func awaitsAnswer(c *drain.Conn, silence time.Duration) bool {
	switch {
	case c.Answered() || c.Ended():
		return false
	case c.Quiet() < silence:
		return true
	}
	return c.Silent() && c.End(silence)
}
