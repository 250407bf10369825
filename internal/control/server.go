package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/plugin"
)

// TLS makes the connections of TCP addresses safe.
type TLS interface {
	// Server does the handshake with a client. names are the verified ones in the
	// client's certificate; a client may have none. It returns when ctx ends.
	Server(ctx context.Context, conn net.Conn) (secured net.Conn, names []string, err error)
}

// Options configure a server. Registry is required, all else is optional.
type Options struct {
	Registry *rpc.Registry      // its Options.Authenticate should be [Authenticate] with the same Rules
	Rules    []Rule             // besides root and the process's own user, who are Admin on Unix sockets
	Worker   func(pid int) bool // whether a process on a Unix socket is one of the daemon's workers, or was started by one; default: never
	TLS      TLS                // for every TCP address without plain=yes
	Log      *slog.Logger       // for refusals, whatever its level; 20 a minute, and a count of the others. Default: nowhere
	Audit    *Audit             // flushed by Shutdown; default: none
	Hello    func() any         // the answer to GET /, as JSON; default: little
	Ready    func() error       // nil: GET /readyz says 200, else 503 and the error's text; default: always ready
	Paths    []plugin.Path      // further ones of HTTP

	// Connected and Closed are called for clients that may use something, once
	// each, in this order, on goroutines of the server. They must not wait.
	Connected, Closed func(Client)

	Limits Limits
}

// Server serves the methods of a registry. All methods may be called from any
// goroutine.
type Server struct {
	options Options
	limits  Limits
	request int // bytes of one
	self    int // the user of this process

	complaints *complaints
	silent     hint // about clients that send nothing
	framed     hint // about clients that speak an older protocol
	arrivals   arrivals
	running    share
	memory     share
	large      flow // of large requests
	waste      flow // of input that is refused
	turned     flow // of connections that come too fast

	conversations sync.WaitGroup // one for each connection
	stop          chan struct{}  // closed by Shutdown

	mu        sync.Mutex
	stopped   bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	peers     map[string]int // how many of conns
	leaving   int            // connections that end, and are no longer in conns
	all       map[*conn]struct{}
	last      uint64
	stats     Stats
	reasons   map[string]uint64 // of refusals
}

// ErrStopped says that Shutdown was called.
var ErrStopped = errors.New("the control server has been shut down")

// New makes a server.
func New(o Options) (*Server, error) {
	if o.Registry == nil {
		return nil, errors.New("control: Options.Registry is missing")
	}
	for _, r := range o.Rules {
		if !slices.Contains([]string{"uid", "gid", "workers", "cert", "token"}, r.Kind) || r.Role > rpc.Admin || r.Kind == "token" && r.token == "" {
			return nil, fmt.Errorf("control: the rule %v is not valid: make it with NewRule", r)
		}
	}
	if err := checkPaths(o.Paths); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Log = everyLevel(o.Log)
	l := o.Limits.filled()
	stop := make(chan struct{})
	return &Server{
		options: o, limits: l, request: o.Registry.Limits().Request, self: os.Geteuid(),
		complaints: newComplaints(o.Log),
		arrivals:   arrivals{step: time.Second / time.Duration(l.PerSecond), burst: 2 * l.PerSecond, due: map[string]time.Time{}},
		running:    share{total: l.Running, each: max(1, l.Running*3/4), reserve: min(l.Reserve, l.Running/4)},
		memory:     share{total: l.Memory, each: l.Memory / 2},
		large:      flow{rate: l.Large, burst: largeBurst, stop: stop},
		waste:      flow{rate: max(1, l.Large/2), stop: stop},
		turned:     flow{rate: turnedRate, burst: turnedBurst, stop: stop},
		stop:       stop,
		listeners:  map[net.Listener]struct{}{},
		conns:      map[*conn]struct{}{}, all: map[*conn]struct{}{}, peers: map[string]int{},
		reasons: map[string]uint64{},
	}, nil
}

// Check says why a server with these rules does not serve an address, or
// returns nil: on TCP no client could use it, or a token could be read on the
// network.
func (s *Server) Check(a Address) error {
	if err := a.check(); err != nil || a.Network == "unix" {
		return err
	}
	has := func(kind string) bool {
		return slices.ContainsFunc(s.options.Rules, func(r Rule) bool { return r.Kind == kind })
	}
	tls := s.options.TLS != nil && !a.Plain
	switch {
	case a.Anyone != rpc.None || tls && has("cert"):
		return nil
	case !has("token") && tls:
		return errors.New("no client could use it: give a role to a certificate or a token")
	case !has("token"):
		return errors.New("no client could use it: set up TLS and give a role to a certificate, or give one to a token, or on loopback add ?anyone=read")
	case !tls && !a.Plain && !a.loopback():
		return errors.New("the tokens could be read on the network: set up TLS, or add ?plain=yes if the network is safe")
	}
	return nil
}

// Serve accepts connections until Shutdown or until l is closed; neither is an
// error. Clients connected by then are still served. l may come from [Listen],
// or from elsewhere, such as a previous process; Shutdown closes it.
func (s *Server) Serve(l net.Listener, a Address) error {
	if err := s.permitted(l, a); err != nil {
		return fmt.Errorf("the address %s: %w", a, err)
	}
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return ErrStopped
	}
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.listeners, l)
	}()
	for wait := acceptPause; ; {
		raw, err := l.Accept()
		switch {
		case err == nil:
			wait = acceptPause
			if !s.accept(raw, a) {
				s.turned.wait(1, time.Second)
			}
		case s.stopping() || errors.Is(err, net.ErrClosed):
			return nil
		case scarce(err):
			s.complaints.say("control: no connection can be accepted", "address", a.String(), "err", err)
			s.makeRoom()
			select {
			case <-time.After(wait):
			case <-s.stop:
			}
			wait = min(2*wait, time.Second)
		default:
			return fmt.Errorf("accepting connections at %s: %w", a, err)
		}
	}
}

// acceptPause is the first pause of Accept after the system had no descriptor
// for a connection; it doubles each time.
const acceptPause = 5 * time.Millisecond

// scarce reports whether an error of Accept is temporary.
func scarce(err error) bool {
	for _, passing := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EINTR, syscall.EAGAIN, syscall.EPROTO,
	} {
		if errors.Is(err, passing) {
			return true
		}
	}
	return timedOut(err)
}

// permitted is Check, and also checks the real address of l.
func (s *Server) permitted(l net.Listener, a Address) error {
	if err := s.Check(a); err != nil {
		return err
	}
	if network := l.Addr().Network(); network != a.Network {
		return fmt.Errorf("its listener is one of %s", network)
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && a.loopback() && !tcp.IP.IsLoopback() {
		return fmt.Errorf("its listener is at %s, which others can reach", tcp)
	}
	return nil
}

// A client that has just connected, or has just had an answer, may have its
// next request on the way. Linger waits until no request is being executed and
// no connection has had traffic for lull, five times as long at most. Tests
// change it.
var lull = 50 * time.Millisecond

// Linger gives the requests that are on their way time to arrive before
// Shutdown, which closes idle connections. The listeners must be closed. It is
// for a server whose clients will find another one in its place: they take a
// closed connection for a failure.
func (s *Server) Linger(ctx context.Context) {
	ctx, done := context.WithTimeout(ctx, 5*lull)
	defer done()
	for {
		s.mu.Lock()
		var last time.Time
		for c := range s.conns {
			heard := c.heard
			if c.phase == running {
				heard = time.Now() // its client may have the answer already
			}
			if c.phase != streaming && heard.After(last) {
				last = heard
			}
		}
		s.mu.Unlock()
		wait := time.Until(last.Add(lull))
		if wait <= 0 {
			return
		}
		pause := time.NewTimer(wait)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return
		}
	}
}

// Shutdown closes the listeners, ends streams and idle connections, and waits
// for requests that are being executed. When ctx ends first, it cancels their
// contexts and closes all connections, and the error says how many there were;
// it does not wait for methods that ignore that. It may be called again.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	if !s.stopped {
		s.stopped = true
		close(s.stop)
	}
	listeners := make([]net.Listener, 0, len(s.listeners))
	for l := range s.listeners {
		listeners = append(listeners, l)
	}
	for c := range s.conns {
		c.endLocked(errStopping)
	}
	s.mu.Unlock()
	var errs []error
	for _, l := range listeners {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	done := make(chan struct{})
	go func() {
		s.conversations.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
		s.mu.Lock()
		n := len(s.all)
		for c := range s.all {
			c.cancel(context.Cause(ctx))
			_ = c.raw.Close()
		}
		s.mu.Unlock()
		if n > 0 {
			errs = append(errs, fmt.Errorf("%d connections were still being served: %w", n, context.Cause(ctx)))
		}
	}
	s.complaints.flush()
	if s.options.Audit != nil {
		s.options.Audit.refusals.Flush()
	}
	return errors.Join(errs...)
}

// stopping reports whether Shutdown was called.
func (s *Server) stopping() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}
