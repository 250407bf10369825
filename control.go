package legion

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

// ControlTLS encrypts connections to the control socket. Package controltls
// implements it. If it is a [plugin.Reloader], it is reloaded at the start,
// before the switch to Config.User, and by Daemon.Reload.
type ControlTLS interface {
	// Server does the handshake on an accepted connection, and returns the
	// encrypted one with the names in the client's certificate; no names if it had
	// no certificate, or one that is not trusted.
	Server(ctx context.Context, conn net.Conn) (secured net.Conn, names []string, err error)
}

// controlAddresses returns where the control socket listens.
func (d *Daemon) controlAddresses() ([]control.Address, error) {
	if d.declared.inProcess && strings.TrimSpace(d.config.Control) == "" { // a unit test, or a debugger
		return nil, nil
	}
	all, err := control.ParseAddresses(d.config.Control)
	if err != nil {
		return nil, fmt.Errorf("Config.Control: %w", err)
	}
	return all, control.Locate(all, d.RuntimePath)
}

// ControlAddress returns the address for clients of the daemon: the first one
// of Config.Control, with the path of the socket if Legion chooses it, and from
// the start on with the port if the system chooses it. It is "" without a
// control socket.
func (d *Daemon) ControlAddress() (string, error) {
	all, err := d.ControlAddresses()
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// ControlAddresses returns all addresses of the control socket, in the form of
// ControlAddress.
func (d *Daemon) ControlAddresses() (all []string, err error) {
	addresses := d.control.Addresses()
	if len(addresses) == 0 {
		addresses, err = d.controlAddresses()
	}
	for _, a := range addresses {
		all = append(all, a.Network+"://"+a.Addr)
	}
	return all, err
}

// openControl opens the control socket, or takes it over from the previous
// process, and serves it; in an upgrade the previous process serves it until
// this one is ready.
func (d *Daemon) openControl(ctx context.Context) error {
	addresses, err := d.controlAddresses()
	if err == nil && len(addresses) > 0 {
		var server *control.Server
		if server, err = d.newControlServer(ctx); err != nil {
			return err // a mistake in the program, or in Config.Access or ControlTLS
		}
		err = d.openControlAt(ctx, server, addresses)
	}
	if err != nil && d.config.Control == "" && ctx.Err() == nil { // only the default failed
		const lack = "the daemon runs without a control socket: set Config.Control to another address, or to none"
		d.log.Warn(lack, "err", err)
		d.succession.lack = fmt.Sprintf("%s: %v", lack, err)
		d.control.GiveUp()
		err = nil
	}
	if len(d.control.Addresses()) == 0 {
		d.log.Forget() // no client can ask for it
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
	registry, keep, err := d.newRegistry(rules, audit.Tell)
	if err != nil {
		return nil, err
	}
	server, err := control.New(control.Options{
		Registry: registry, Rules: rules, TLS: d.config.ControlTLS, Log: d.Logger(), Audit: audit,
		Worker: func(pid int) bool { return !d.declared.inProcess && proc.OfWorker(pid, d.config.Name) },
		Limits: control.LimitsOf(d.config.ControlConnections, d.config.ControlTimeout),
		Hello:  func() any { return d.hello() },
		Ready:  d.ready,
		Paths:  d.plugins.Paths(),
		Connected: func(c control.Client) {
			announce(d, event.ClientConnected{Client: c.ID, Name: c.Name, Address: c.Address, Role: c.Role})
		},
		Closed: func(c control.Client) { announce(d, event.ClientClosed{Client: c.ID, Name: c.Name}) },
	})
	if err != nil {
		return nil, fmt.Errorf("the control socket: %w", err)
	}
	d.owned.Go("keeping the history", func() { keep(d.life.Closing()) })
	return server, nil
}

func (d *Daemon) openControlAt(ctx context.Context, server *control.Server, addresses []control.Address) error {
	for _, a := range addresses {
		if err := server.Check(a); err != nil {
			return fmt.Errorf("Config.Control: the address %s: %w", a, err)
		}
	}
	place := control.Place{Path: d.RuntimePath, Make: d.RuntimeDir, Log: d.log.Logger}
	if d.place.Drops(d.settings()) {
		owner := d.place.Owner()
		place.Owner = &owner
	}
	if err := d.control.Open(ctx, server, addresses, place); err != nil {
		return err
	}
	if !takeover.Upgraded() {
		d.control.Serve()
	}
	return nil
}

// accessRules converts Config.Access into rules.
func (d *Daemon) accessRules() ([]control.Rule, error) {
	rules, err := control.ParseRules(d.config.Access)
	if err != nil {
		return nil, fmt.Errorf("Config.Access: %w", err)
	}
	if d.place.Drops(d.settings()) { // the server takes the current user for the daemon's own
		rules = append(rules, control.Rule{Kind: "uid", ID: d.place.Owner().UID, Role: RoleAdmin})
	}
	return rules, nil
}

// reloadControl reads the certificates again.
func (d *Daemon) reloadControl(ctx context.Context) error {
	if r, ok := d.config.ControlTLS.(plugin.Reloader); ok {
		if err := r.Reload(ctx); err != nil {
			return fmt.Errorf("Config.ControlTLS: %w", err)
		}
	}
	return nil
}

// ready returns an error if the daemon is not ready.
func (d *Daemon) ready() error {
	if why := d.unhealthy(false); why != "" {
		return errors.New(why)
	}
	return nil
}

// newRegistry returns all methods, and what keeps their history.
func (d *Daemon) newRegistry(tokens []control.Rule, audit func(rpc.Record)) (_ *rpc.Registry, keep func(context.Context), _ error) {
	r := rpc.New(rpc.Options{
		Title: d.config.Name, Version: d.version(), Audit: audit,
		Fault: func(ctx context.Context, err error) *rpc.Error {
			return control.ErrorFor(ctx, faultOf(err))
		},
		Panicked: func(method string, value any, stack []byte) {
			d.report("method "+method, &bus.PanicError{Value: value, Stack: stack}, true)
		},
		Authenticate: func(token string) (Caller, bool) { return control.Authenticate(tokens, token) },
	})
	methods, keep := methods.Of(controlled{d})
	for _, m := range append(methods, d.declared.methods...) {
		if err := r.Add(m); err != nil {
			return nil, nil, fmt.Errorf("the method %s: %w", m.Name, err)
		}
	}
	return r, keep, nil
}

// faultOf converts an error of a method into one of the protocol.
func faultOf(err error) *rpc.Error {
	var own *rpc.Error
	var died *WorkerError
	var remote *RemoteError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &remote):
		return &rpc.Error{Code: rpc.CodeApplication, Message: err.Error(), Data: status.Fault{Kind: "error", Code: remote.Code}}
	case errors.As(err, &died):
		return &rpc.Error{Code: rpc.CodeSystem, Message: err.Error(), Data: status.Fault{
			Kind: strings.TrimPrefix(died.kind.Error(), "legion: "), Pool: died.Pool, PID: died.PID, Stack: died.Stack,
		}}
	case errors.Is(err, errOverruled): // another attempt would undo the stop
		return &rpc.Error{Code: rpc.CodeSystem, Message: err.Error(), Data: status.Fault{Kind: "overruled"}}
	case errors.Is(err, ErrStopped):
		return &rpc.Error{Code: rpc.CodeSystem, Message: err.Error(), Data: status.Fault{Kind: "stopped"}}
	}
	return &rpc.Error{Code: rpc.CodeApplication, Message: err.Error()}
}
