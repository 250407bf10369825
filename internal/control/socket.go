package control

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/sockets"
	"github.com/legion-go/legion/status"
)

// SocketName is the file of the control socket in the runtime folder.
const SocketName = "control.sock"

// Place is what a [Socket] needs to know of its daemon.
type Place struct {
	Path  func() (string, error) // the runtime folder
	Make  func() (string, error) // makes it
	Owner *host.Identity         // owner of the files; nil: this process's user
	Log   *slog.Logger
}

// Socket is the way into a daemon for operators: a server, and the addresses
// that it listens at. It is opened after the plugins, of which a lock may
// refuse the start, and closed last, so that it can report the progress of a
// start and a stop. The zero value has no server. Its methods may be called
// from any goroutine: a stop may come while it is being opened.
type Socket struct {
	mu     sync.Mutex
	server *Server // nil without addresses
	ends   []end
	served bool
	closed bool

	serving sync.WaitGroup // a goroutine for each address
}

// end is one address.
type end struct {
	address  Address
	listener *sockets.Listener
}

// Open opens the addresses, or takes them over from the previous process. No
// client is served before [Socket.Serve]. After an error some may be open: call
// [Socket.Close] or [Socket.GiveUp].
func (c *Socket) Open(ctx context.Context, server *Server, addresses []Address, p Place) error {
	c.mu.Lock()
	c.server = server
	c.mu.Unlock()
	seen := map[string]int{}
	for _, a := range addresses {
		where := a.Network + " " + a.Addr
		l, err := p.listen(ctx, seen[where], a)
		if err != nil {
			return fmt.Errorf("the control socket %s: %w", a, err)
		}
		seen[where]++
		a.Addr = l.Addr().String() // with the port that the system chose for 0
		c.add(end{a, l})
	}
	return nil
}

// listen opens one address, the one after n others.
func (p *Place) listen(ctx context.Context, n int, a Address) (*sockets.Listener, error) {
	if a.Network == "unix" && filepath.Base(a.Addr) == SocketName && p.isOwn(filepath.Dir(a.Addr)) {
		if _, err := p.Make(); err != nil {
			return nil, err
		}
	}
	l := sockets.New("control", n, a.Network, a.Addr, func(ctx context.Context) (net.Listener, error) {
		if err := p.letIn(a); err != nil {
			return nil, err
		}
		return Listen(ctx, a)
	})
	if err := l.Open(ctx); err != nil {
		return nil, err
	}
	if p.Owner != nil {
		if err := own(a, p.Owner.UID, p.Owner.GID); err != nil {
			_ = l.Close()
			return nil, err
		}
	}
	return l, nil
}

// isOwn reports whether a folder is the daemon's runtime folder.
func (p *Place) isOwn(folder string) bool {
	own, err := p.Path()
	return err == nil && own == folder
}

// letIn opens the way to a socket for the users whom its mode and group admit:
// by default the runtime folder lets no other user pass. Other folders belong
// to the operator.
func (p *Place) letIn(a Address) error {
	passers, gid, err := a.passers()
	if err != nil || passers == 0 {
		return err
	}
	folder := filepath.Dir(a.Addr)
	if p.isOwn(folder) {
		return host.LetPass(folder, passers, gid)
	}
	if info, err := os.Stat(folder); err == nil && info.Mode()&passers != passers {
		p.Log.Warn("other users do not reach the control socket: its folder keeps them out; chmod it",
			"address", a.String(), "folder", folder, "mode", fmt.Sprintf("%#o", info.Mode().Perm()), "needs", fmt.Sprintf("%#o", info.Mode().Perm()|passers))
	}
	return nil
}

// add adds an opened address.
func (c *Socket) add(e end) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = append(c.ends, e)
	if c.closed {
		_ = e.listener.Close()
	}
}

// opened returns the opened addresses.
func (c *Socket) opened() []end {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ends
}

// Addresses returns where it listens, with the ports that the system has
// chosen.
func (c *Socket) Addresses() (all []Address) {
	for _, e := range c.opened() {
		all = append(all, e.address)
	}
	return all
}

// Listeners returns the listener of each address.
func (c *Socket) Listeners() (all []*sockets.Listener) {
	for _, e := range c.opened() {
		all = append(all, e.listener)
	}
	return all
}

// Stats returns the figures of the server; without one they are zero.
func (c *Socket) Stats() status.ControlStats {
	c.mu.Lock()
	server := c.server
	c.mu.Unlock()
	if server == nil {
		return status.ControlStats{Requests: map[string]map[string]uint64{}, Refused: map[string]uint64{}}
	}
	return server.tally()
}

// Clients returns the clients of the server.
func (c *Socket) Clients() []Client {
	c.mu.Lock()
	server := c.server
	c.mu.Unlock()
	if server == nil {
		return nil
	}
	return server.Clients()
}

// Serve begins to serve, once.
func (c *Socket) Serve() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil || c.served || c.closed {
		return
	}
	c.served = true
	for _, e := range c.ends {
		c.serving.Go(func() { _ = c.server.Serve(e.listener, e.address) }) // until the listener is closed
	}
}

// Close closes the addresses. Connected clients are still served.
func (c *Socket) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, e := range c.ends {
		_ = e.listener.Close()
	}
}

// GiveUp is for a socket that cannot be opened: the daemon runs without one.
func (c *Socket) GiveUp() {
	c.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server, c.ends = nil, nil
}

// Renew gives inherited sockets the mode and the group that this version wants.
// Clients see the process that called listen last as the listening one: Renew
// makes it this one.
func (c *Socket) Renew(log *slog.Logger) {
	for _, e := range c.opened() {
		a := e.address
		if a.Network != "unix" {
			continue
		}
		if err := e.listener.ListenAgain(); err != nil {
			log.Warn("clients of the control socket take it for the previous process's", "address", a.String(), "err", err)
		}
		if err := a.renew(); err != nil {
			log.Warn("the control socket keeps the mode and group that the previous process gave it", "address", a.String(), "err", err)
		}
	}
}

// socketGrace is how long Shutdown waits for requests that are being answered,
// and for clients to read their answers: no slow request is left by then.
const socketGrace = time.Second

// Shutdown ends what is left. follows says that another process serves the
// clients from now on: requests that are on their way are still answered here.
func (c *Socket) Shutdown(ctx context.Context, follows bool) {
	c.mu.Lock()
	server := c.server
	c.mu.Unlock()
	if server == nil {
		return
	}
	if follows {
		server.Linger(ctx)
	}
	ctx, done := context.WithTimeout(ctx, socketGrace)
	defer done()
	_ = server.Shutdown(ctx)
	c.serving.Wait()
}
