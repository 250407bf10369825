package legion

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/rpc"
)

// ControlTLS makes connections to the control socket safe. Package controltls
// implements it.
type ControlTLS interface {
	// Server does the handshake on a connection that was accepted, and returns the
	// safe one, with the names in the client's certificate; none if it had none, or
	// if that is not to be trusted.
	Server(ctx context.Context, conn net.Conn) (secured net.Conn, names []string, err error)
}

// ClientConnected says that somebody has connected to the control socket and may
// use it.
type ClientConnected struct {
	Client  uint64 // its number since the start
	Name    string // who it is: "uid 1000 pid 4711", "cert ops"
	Address string // of the listener
	Role    Role
}

// ClientClosed says that a client of the control socket has gone.
type ClientClosed struct {
	Client uint64
	Name   string
}

// controlName is the file of the control socket in the runtime folder.
const controlName = "control.sock"

// controlSocket is the way in for operators. It is opened after the plugins, of
// which a lock may refuse the start, and closed last, so that it can tell how a
// start and a stop are getting on.
type controlSocket struct {
	server *control.Server // nil without control sockets
	served sync.Once
	ends   []controlEnd
}

// controlEnd is one address.
type controlEnd struct {
	address  control.Address
	listener *listener
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
// Config.Control, with the path of the socket if that is left to Legion. It is ""
// if there is none.
func (d *Daemon) ControlAddress() (string, error) {
	all, err := d.controlAddresses()
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0].Network + "://" + all[0].Addr, nil
}

// openControl opens the control socket, or takes it over from the previous
// process, and serves it; not yet in an upgrade, in which the previous process
// does until this one is ready.
func (d *Daemon) openControl(ctx context.Context) error {
	addresses, err := d.controlAddresses()
	if err == nil && len(addresses) > 0 {
		err = d.openControlAt(ctx, addresses)
	}
	if err != nil && d.config.Control == "" && ctx.Err() == nil { // nobody has asked for it
		d.log.Warn("there is no control socket; set Config.Control to an address of its own, or to none", "err", err)
		d.control.close()
		d.control = controlSocket{}
		return nil
	}
	return err
}

func (d *Daemon) openControlAt(ctx context.Context, addresses []control.Address) error {
	tokens, err := d.accessRules()
	if err != nil {
		return err
	}
	registry, err := d.newRegistry(tokens)
	if err != nil {
		return err
	}
	d.control.server, err = control.New(control.Options{
		Registry: registry, Rules: tokens, TLS: d.config.ControlTLS, Log: d.log,
		Hello: func() any { return d.hello() },
		Ready: d.ready,
		Connected: func(c control.Client) {
			announce(d, ClientConnected{Client: c.ID, Name: c.Name, Address: c.Address, Role: c.Role})
		},
		Closed: func(c control.Client) { announce(d, ClientClosed{Client: c.ID, Name: c.Name}) },
	})
	if err != nil {
		return fmt.Errorf("the control socket: %w", err)
	}
	for i, a := range addresses {
		if err := d.control.server.Check(a); err != nil {
			return fmt.Errorf("Config.Control: the address %s: %w", a, err)
		}
		l, err := d.listenControl(ctx, i, a)
		if err != nil {
			return fmt.Errorf("the control socket %s: %w", a, err)
		}
		a.Addr = l.Addr().String() // with the port, if that was left open
		d.control.ends = append(d.control.ends, controlEnd{a, l})
	}
	if !upgraded() {
		d.control.serve()
	}
	return nil
}

// listenControl opens one address.
func (d *Daemon) listenControl(ctx context.Context, n int, a control.Address) (*listener, error) {
	if a.Network == "unix" && filepath.Base(a.Addr) == controlName {
		if dir, err := d.RuntimePath(); err == nil && filepath.Dir(a.Addr) == dir {
			if _, err := d.RuntimeDir(); err != nil { // makes it
				return nil, err
			}
		}
	}
	l := &listener{d: d, network: a.Network, addr: a.Addr, opened: make(chan struct{})}
	l.key = fmt.Sprintf("control %d %s %s", n, a.Network, a.Addr)
	l.listen = func(ctx context.Context) (net.Listener, error) {
		return control.Listen(ctx, a)
	}
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	if a.Network == "unix" && (d.config.User != "" || d.config.Group != "") && !upgraded() {
		if err := control.Own(a, d.identity.UID, d.identity.GID); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// serve begins to serve, once.
func (c *controlSocket) serve() {
	if c.server == nil {
		return
	}
	c.served.Do(func() {
		for _, e := range c.ends {
			go func() { _ = c.server.Serve(e.listener, e.address) }() // ends when the listener is closed
		}
	})
}

// close closes the addresses. Who is connected is still served.
func (c *controlSocket) close() {
	for _, e := range c.ends {
		_ = e.listener.Close()
	}
}

// addresses returns where it listens.
func (c *controlSocket) addresses() []string {
	all := []string{}
	for _, e := range c.ends {
		all = append(all, e.address.String())
	}
	return all
}

// shutDown ends what is left.
func (c *controlSocket) shutDown(ctx context.Context) {
	if c.server != nil {
		_ = c.server.Shutdown(ctx)
	}
}

// listening returns all listeners that an upgrade hands over.
func (d *Daemon) listening() []*listener {
	all := append([]*listener(nil), d.listeners...)
	for _, e := range d.control.ends {
		all = append(all, e.listener)
	}
	return all
}

// ready says why the daemon is not ready, or nil.
func (d *Daemon) ready() error {
	if s := d.stateName(); s != "running" {
		return fmt.Errorf("daemon %s is %s", d.config.Name, s)
	}
	return nil
}

// newRegistry returns all methods.
func (d *Daemon) newRegistry(tokens []control.Rule) (*rpc.Registry, error) {
	r := rpc.New(rpc.Options{
		Title: d.config.Name, Version: version(), Audit: d.audit, Fault: faultOf,
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

// audit logs what somebody has changed, or was refused.
func (d *Daemon) audit(r rpc.Record) {
	if !r.Changes && !r.Refused {
		return
	}
	attrs := []any{"who", r.Caller.Name, "role", r.Caller.Role.String(), "via", r.Caller.Via, "method", r.Method, "params", string(r.Params), "took", r.Took.Round(time.Microsecond)}
	switch {
	case r.Refused:
		d.log.Warn("audit: refused", append(attrs, "why", r.Message)...)
	case r.Code != 0:
		d.log.Info("audit: failed", append(attrs, "code", r.Code, "err", r.Message)...)
	default:
		d.log.Info("audit: done", attrs...)
	}
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
	case errors.Is(err, ErrStopped):
		return &rpc.Error{Code: rpc.CodeSystem, Message: err.Error(), Data: faultData{Kind: "stopped"}}
	}
	return &rpc.Error{Code: rpc.CodeApplication, Message: err.Error()}
}
