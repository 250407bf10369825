package legion

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/saturate"
	"github.com/legion-go/legion/internal/sockets"
	"github.com/legion-go/legion/plugin"
)

// ControlTLS makes connections to the control socket safe. Package controltls
// implements it. If it is a [plugin.Reloader], it is reloaded at the start, before
// Config.User is taken on, and by Daemon.Reload.
type ControlTLS interface {
	// Server does the handshake on a connection that was accepted, and returns the
	// safe one, with the names in the client's certificate; none if it had none, or
	// if that is not to be trusted.
	Server(ctx context.Context, conn net.Conn) (secured net.Conn, names []string, err error)
}

// controlName is the file of the control socket in the runtime folder.
const controlName = "control.sock"

// controlSocket is the way in for operators. It is opened after the plugins, of
// which a lock may refuse the start, and closed last, so that it can tell how a
// start and a stop are getting on.
type controlSocket struct {
	mu     sync.Mutex      // a stop may come while it is being opened
	server *control.Server // nil without control sockets
	ends   []controlEnd
	served bool
	closed bool

	serving sync.WaitGroup // a goroutine for each address
}

// controlEnd is one address.
type controlEnd struct {
	address  control.Address
	listener *sockets.Listener
}

// controlAddresses returns where the control socket listens.
func (d *Daemon) controlAddresses() (all []control.Address, err error) {
	for _, text := range strings.Fields(d.config.Control) {
		if text == "none" {
			if len(strings.Fields(d.config.Control)) > 1 {
				return nil, errors.New("Config.Control: none stands alone")
			}
			return nil, nil
		}
		a, err := control.ParseAddress(text)
		if err != nil {
			return nil, fmt.Errorf("Config.Control: %w", err)
		}
		all = append(all, a)
	}
	if all == nil && d.inProcess { // a unit test, or a debugger
		return nil, nil
	}
	if all == nil {
		all = []control.Address{{Network: "unix"}}
	}
	for i, a := range all {
		if a.Network == "unix" && a.Addr == "" {
			dir, err := d.RuntimePath()
			if err != nil {
				return nil, err
			}
			all[i].Addr = filepath.Join(dir, controlName)
		}
	}
	return all, nil
}

// ControlAddress returns where a client finds the daemon: the first address of
// Config.Control, with the path of the socket if that is left to Legion, and from
// the start on with the port if that is left to the system. It is "" if there is
// none.
func (d *Daemon) ControlAddress() (string, error) {
	all, err := d.ControlAddresses()
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// ControlAddresses returns all addresses of the control socket, as ControlAddress
// does the first.
func (d *Daemon) ControlAddresses() (all []string, err error) {
	open := d.control.opened()
	for _, e := range open {
		all = append(all, e.address.Network+"://"+e.address.Addr)
	}
	if len(open) > 0 {
		return all, nil
	}
	addresses, err := d.controlAddresses()
	for _, a := range addresses {
		all = append(all, a.Network+"://"+a.Addr)
	}
	return all, err
}

// openControl opens the control socket, or takes it over from the previous
// process, and serves it; not yet in an upgrade, in which the previous process
// does until this one is ready.
func (d *Daemon) openControl(ctx context.Context) error {
	addresses, err := d.controlAddresses()
	if err == nil && len(addresses) > 0 {
		var server *control.Server
		if server, err = d.newControlServer(ctx); err != nil {
			return err // a mistake in the program, or in what Config says of access
		}
		err = d.openControlAt(ctx, server, addresses)
	}
	if err != nil && d.config.Control == "" && ctx.Err() == nil { // nobody has asked for it
		d.log.Warn("there is no control socket; set Config.Control to an address of its own, or to none", "err", err)
		d.control.giveUp()
		err = nil
	}
	if len(d.control.opened()) == 0 {
		d.log.Forget() // nobody can ask for it
	}
	return err
}

func (d *Daemon) newControlServer(ctx context.Context) (*control.Server, error) {
	if err := d.reloadControl(ctx); err != nil {
		return nil, err
	}
	rules, err := d.accessRules()
	if err != nil {
		return nil, err
	}
	audit := control.NewAudit(d.Logger())
	registry, err := d.newRegistry(rules, audit.Tell)
	if err != nil {
		return nil, err
	}
	server, err := control.New(control.Options{
		Registry: registry, Rules: rules, TLS: d.config.ControlTLS, Log: d.Logger(), Audit: audit,
		Worker: func(pid int) bool { return !d.inProcess && proc.OfWorker(pid, d.config.Name) },
		Limits: d.config.controlLimits(),
		Hello:  func() any { return d.hello() },
		Ready:  d.ready,
		Connected: func(c control.Client) {
			announce(d, event.ClientConnected{Client: c.ID, Name: c.Name, Address: c.Address, Role: c.Role})
		},
		Closed: func(c control.Client) { announce(d, event.ClientClosed{Client: c.ID, Name: c.Name}) },
	})
	if err != nil {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	return server, nil
}

// controlLimits are those that Config sets; all others have their defaults.
func (c *Config) controlLimits() (l control.Limits) {
	if n := c.ControlConnections; n > 0 {
		l.Connections, l.PerPeer = n, min(n, max(n/8, 8))
	}
	if t := c.ControlTimeout; t > 0 {
		l.FirstByte, l.Request, l.Write, l.Idle = t, t, t, saturate.Duration(6*float64(t))
	}
	return l
}

func (d *Daemon) openControlAt(ctx context.Context, server *control.Server, addresses []control.Address) error {
	d.control.use(server)
	seen := map[string]int{}
	for _, a := range addresses {
		if err := server.Check(a); err != nil {
			return fmt.Errorf("Config.Control: the address %s: %w", a, err)
		}
		where := a.Network + " " + a.Addr
		l, err := d.listenControl(ctx, seen[where], a)
		if err != nil {
			return fmt.Errorf("the control socket %s: %w", a, err)
		}
		seen[where]++
		a.Addr = l.Addr().String() // with the port, if that was left open
		d.control.add(controlEnd{a, l})
	}
	if !upgraded() {
		d.control.serve()
	}
	return nil
}

// listenControl opens one address, of which there are n before it.
func (d *Daemon) listenControl(ctx context.Context, n int, a control.Address) (*sockets.Listener, error) {
	if a.Network == "unix" && filepath.Base(a.Addr) == controlName {
		if dir, err := d.RuntimePath(); err == nil && filepath.Dir(a.Addr) == dir {
			if _, err := d.RuntimeDir(); err != nil { // makes it
				return nil, err
			}
		}
	}
	l := sockets.New("control", n, a.Network, a.Addr, func(ctx context.Context) (net.Listener, error) {
		if err := d.letIn(a); err != nil {
			return nil, err
		}
		return control.Listen(ctx, a)
	})
	if err := l.Open(ctx); err != nil {
		return nil, err
	}
	if a.Network == "unix" && d.drops() {
		if err := control.Own(a, d.identity.UID, d.identity.GID); err != nil {
			_ = l.Close()
			return nil, err
		}
	}
	return l, nil
}

// letIn opens the way to a socket for those whom its mode and group let in: the
// runtime folder lets nobody else pass by itself. Other folders are the
// operator's.
func (d *Daemon) letIn(a control.Address) error {
	passers, gid, err := a.Passers()
	if err != nil || passers == 0 {
		return err
	}
	folder := filepath.Dir(a.Addr)
	if own, err := d.RuntimePath(); err == nil && own == folder {
		return host.LetPass(folder, passers, gid)
	}
	if info, err := os.Stat(folder); err == nil && info.Mode()&passers != passers {
		d.log.Warn("other users do not reach the control socket: its folder keeps them out; chmod it",
			"address", a.String(), "folder", folder, "mode", fmt.Sprintf("%#o", info.Mode().Perm()), "needs", fmt.Sprintf("%#o", info.Mode().Perm()|passers))
	}
	return nil
}

func (c *controlSocket) use(s *control.Server) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server = s
}

// add adds an address that has been opened.
func (c *controlSocket) add(e controlEnd) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ends = append(c.ends, e)
	if c.closed {
		_ = e.listener.Close()
	}
}

// opened returns the addresses.
func (c *controlSocket) opened() []controlEnd {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ends
}

// serve begins to serve, once.
func (c *controlSocket) serve() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil || c.served || c.closed {
		return
	}
	c.served = true
	for _, e := range c.ends {
		c.serving.Go(func() { _ = c.server.Serve(e.listener, e.address) }) // ends when the listener is closed
	}
}

// close closes the addresses. Who is connected is still served.
func (c *controlSocket) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, e := range c.ends {
		_ = e.listener.Close()
	}
}

// giveUp is for a socket that cannot be opened: there is none.
func (c *controlSocket) giveUp() {
	c.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.server, c.ends = nil, nil
}

// addresses returns where it listens.
func (c *controlSocket) addresses() []string {
	all := []string{}
	for _, e := range c.opened() {
		all = append(all, e.address.String())
	}
	return all
}

// renewControl gives sockets that were taken over the mode and the group that
// this version wants them to have. Who connects sees as the listening process the
// one that has called listen last: that is to be this one.
func (d *Daemon) renewControl() {
	for _, e := range d.control.opened() {
		a := e.address
		if a.Network != "unix" {
			continue
		}
		if err := e.listener.ListenAgain(); err != nil {
			d.log.Warn("who connects to the control socket takes it for that of the previous process", "address", a.String(), "err", err)
		}
		mode := a.Mode
		if mode == 0 {
			if mode = 0o600; a.Group != "" {
				mode = 0o660
			}
		}
		err := os.Chmod(a.Addr, mode)
		if a.Group != "" && err == nil {
			var who host.Identity
			if who, err = host.Lookup("", a.Group); err == nil {
				err = os.Lchown(a.Addr, -1, who.GID)
			}
		}
		if err != nil {
			d.log.Warn("the control socket stays as the previous process has made it", "address", a.String(), "err", err)
		}
	}
}

// controlGrace is how long the end of a daemon waits for requests that are still
// being answered, and for clients to read what they have asked for: nothing that
// could take long is left by then.
const controlGrace = time.Second

// shutDown ends what is left.
func (c *controlSocket) shutDown(ctx context.Context) {
	c.mu.Lock()
	server := c.server
	c.mu.Unlock()
	if server == nil {
		return
	}
	ctx, done := context.WithTimeout(ctx, controlGrace)
	defer done()
	_ = server.Shutdown(ctx)
	c.serving.Wait()
}

// reloadControl has the certificates read again.
func (d *Daemon) reloadControl(ctx context.Context) error {
	if r, ok := d.config.ControlTLS.(plugin.Reloader); ok {
		if err := r.Reload(ctx); err != nil {
			return fmt.Errorf("Config.ControlTLS: %w", err)
		}
	}
	return nil
}

// ready says why the daemon is not ready, or nil.
func (d *Daemon) ready() error {
	if why := d.unhealthy(false); why != "" {
		return errors.New(why)
	}
	return nil
}

// newRegistry returns all methods.
func (d *Daemon) newRegistry(tokens []control.Rule, audit func(rpc.Record)) (*rpc.Registry, error) {
	r := rpc.New(rpc.Options{
		Title: d.config.Name, Version: d.version(), Audit: audit,
		Fault: func(ctx context.Context, err error) *rpc.Error {
			if e := faultOf(err); seesStacks(ctx) {
				return e
			} else {
				return withoutStack(e)
			}
		},
		Panicked: func(method string, value any, stack []byte) {
			d.report("method "+method, &bus.PanicError{Value: value, Stack: stack}, true)
		},
		Authenticate: func(token string) (Caller, bool) { return control.Authenticate(tokens, token) },
	})
	methods := d.builtInMethods()
	for _, m := range append(methods, d.methods...) {
		if err := r.Add(m); err != nil {
			return nil, fmt.Errorf("the method %s: %w", m.Name, err)
		}
	}
	return r, nil
}

// faultData is what an error of a call tells beside its message.
type faultData struct {
	Kind  string `json:"kind"`           // timeout, crashed, …
	Pool  string `json:"pool,omitempty"` // whose worker
	PID   int    `json:"pid,omitempty"`
	Stack string `json:"stack,omitempty"`
	Code  string `json:"code,omitempty"` // of a RemoteError
}

// faultOf makes an error of the protocol out of one of a method.
func faultOf(err error) *rpc.Error {
	var own *rpc.Error
	var died *WorkerError
	var remote *RemoteError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &remote):
		return &rpc.Error{Code: rpc.CodeApplication, Message: err.Error(), Data: faultData{Kind: "error", Code: remote.Code}}
	case errors.As(err, &died):
		return &rpc.Error{Code: rpc.CodeSystem, Message: err.Error(), Data: faultData{
			Kind: strings.TrimPrefix(died.kind.Error(), "legion: "), Pool: died.Pool, PID: died.PID, Stack: died.Stack,
		}}
	case errors.Is(err, errOverruled): // to ask again would undo the stop
		return &rpc.Error{Code: rpc.CodeSystem, Message: err.Error(), Data: faultData{Kind: "overruled"}}
	case errors.Is(err, ErrStopped):
		return &rpc.Error{Code: rpc.CodeSystem, Message: err.Error(), Data: faultData{Kind: "stopped"}}
	}
	return &rpc.Error{Code: rpc.CodeApplication, Message: err.Error()}
}
