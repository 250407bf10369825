package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/host"
)

// Options says how to reach a daemon. Its zero value is usable.
type Options struct {
	// Token is sent to the daemon, which gives the caller the role of the token. It
	// is sent over TCP beyond this machine only if DialContext is set, for TLS, or
	// if the address ends in ?plain=yes. Default: none; on a Unix socket the daemon
	// knows the user.
	Token string
	// Role is the role that every connection keeps, those of streams too: "read",
	// "operate" or "admin". The rest of the caller's role is given away before the
	// first call, for good, by the method rpc.lower. A role above the caller's own
	// adds nothing: [Client.Role] says what was left. Default: the caller's own.
	Role string
	// As names the person for whom the caller acts, for the daemon's audit log: one
	// who has logged in at a server. It needs Role. Default: no person.
	As string
	// DialContext makes the connections. network is "unix" or "tcp". Default: a
	// [net.Dialer].
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	fromEnvironment bool // errors name its variables
}

// patience is the longest time that dialling takes. Tests change it.
var patience = 10 * time.Second

// stoppedPatience is how long a daemon may be silent before dialling checks
// whether its process has been stopped.
const stoppedPatience = 500 * time.Millisecond

// Dial connects to a daemon. address is as in the daemon's configuration,
// "unix:///path" or "tcp://host:port"; or the path of a socket, which has a
// slash in it; or else the name of a daemon, which Dial looks for as [Find]
// does, and which must report that name. The daemon has answered when Dial
// returns.
//
// ctx bounds the dialling alone. The errors are *[NotRunningError],
// *[PermissionError], *[NoAnswerError] after 10 s, or half a second if the
// daemon's process has been stopped, an *[Error] if the daemon refuses the
// caller or the token, and others, of the network for instance.
func Dial(ctx context.Context, address string, o Options) (*Client, error) {
	if isName(address) {
		return dialName(ctx, address, o)
	}
	a, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	return dial(ctx, target{address: a, options: o})
}

func dialName(ctx context.Context, name string, o Options) (c *Client, err error) {
	_, err = here().first(ctx, name, func(a address) error {
		c, err = dial(ctx, target{name: name, address: a, options: o})
		return err
	})
	return c, err
}

func dial(ctx context.Context, t target) (*Client, error) {
	w, h, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	c := newClient(w, h.Name, t)
	c.role = h.role
	return c, nil
}

// target is the daemon to dial.
type target struct {
	name     string // the daemon's; "": any
	address  address
	options  Options
	patience time.Duration // 0: that of the package
}

// open connects, sends the token, and asks which daemon answers: a daemon hangs
// up on a client that does not send at once. The name is checked since a user
// who can replace a socket by a link can make it lead to another daemon.
func (t target) open(ctx context.Context) (*wire, hello, error) {
	if t.options.Token != "" && t.options.DialContext == nil && !t.address.private() {
		tls := "by Options.DialContext"
		if t.options.fromEnvironment {
			tls = "with " + caVariable + " in the environment"
		}
		return nil, hello{}, fmt.Errorf("the token would go to %s unencrypted: use TLS, %s, or add ?plain=yes to the address",
			t.address, tls)
	}
	within := cmp.Or(t.patience, patience)
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := t.connect(limited)
	if err != nil {
		return nil, hello{}, t.why(ctx, limited, err)
	}
	w, begun, pid := newWire(conn), time.Now(), listenerOf(conn)
	w.pid = pid
	stop := context.AfterFunc(limited, func() { _ = conn.Close() })
	var stopped atomic.Bool
	look := time.AfterFunc(stoppedPatience, func() {
		if isStopped(pid) {
			stopped.Store(true)
			_ = conn.Close()
		}
	})
	h, err := t.greet(w)
	look.Stop()
	if !stop() && err == nil {
		err = limited.Err()
	}
	if err != nil {
		_ = conn.Close()
		if ctx.Err() == nil && (stopped.Load() || limited.Err() != nil) {
			return nil, hello{}, &NoAnswerError{
				Name: t.name, Address: t.address.String(), PID: pid, Stopped: isStopped(pid), Waited: time.Since(begun),
			}
		}
		return nil, hello{}, t.why(ctx, limited, err)
	}
	return w, h, nil
}

func (t target) connect(ctx context.Context) (net.Conn, error) {
	dial := t.options.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		conn, err := dial(ctx, t.address.network, t.address.where)
		// A Unix socket with a full backlog returns an error at once, instead of
		// waiting.
		if t.address.network != "unix" || !errors.Is(err, syscall.EAGAIN) {
			return conn, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (t target) greet(w *wire) (hello, error) {
	w.limit = maxGreeting
	defer func() { w.limit = maxLine }()
	if t.options.Token != "" {
		if err := w.call("rpc.auth", map[string]string{"token": t.options.Token}, nil); err != nil {
			return hello{}, fmt.Errorf("sending the token: %w", err)
		}
	}
	role, err := t.lower(w)
	if err != nil {
		return hello{}, err
	}
	h := hello{role: role}
	err = w.call("daemon.hello", nil, &h)
	e, refused := errors.AsType[*Error](err)
	switch {
	case refused && e.Code == CodeMethod && t.name == "":
		return hello{role: role}, nil // it speaks the protocol, and need not have this method
	case err != nil:
		return hello{}, err
	case !isName(h.Name):
		return hello{}, errors.New("the answer has no daemon's name: check the address")
	case h.Protocol > protocol:
		return hello{}, fmt.Errorf("the daemon %s speaks version %d of the protocol, this program version %d: use the daemon's own command line, or a newer version of this program",
			h.Name, h.Protocol, protocol)
	case t.name != "" && h.Name != t.name:
		return hello{}, &otherError{t.address, t.name, h.Name}
	}
	return h, nil
}

// lower gives rights away, as the options say, and returns the role that is
// left. A daemon that cannot do that gets no call.
func (t target) lower(w *wire) (role string, err error) {
	o := t.options
	if o.Role == "" {
		if o.As != "" {
			return "", errors.New("Options.As needs Options.Role: name the role that is left")
		}
		return "", nil
	}
	params := map[string]string{"role": o.Role}
	if o.As != "" {
		params["as"] = o.As
	}
	var left struct {
		Role string `json:"role"`
	}
	if err := w.call("rpc.lower", params, &left); err != nil {
		return "", fmt.Errorf("lowering the connection to the role %s: %w", o.Role, err)
	}
	return left.Role, nil
}

// otherError says that a daemon has another name than the caller asked for.
type otherError struct {
	address     address
	name, other string
}

func (e *otherError) Error() string {
	return fmt.Sprintf("the daemon at %s is not %s but %q: use that name", e.address, e.name, e.other)
}

// why explains why there is no connection. ctx is the caller's; limited also
// has the package's patience.
func (t target) why(ctx, limited context.Context, err error) error {
	_, refused := errors.AsType[*Error](err)
	_, other := errors.AsType[*otherError](err)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("dialling %s: %w", t.address, ctx.Err())
	case limited.Err() != nil:
		return &NoAnswerError{Name: t.name, Address: t.address.String(), Waited: cmp.Or(t.patience, patience)}
	case refused && t.options.fromEnvironment:
		return advised(err)
	case refused, other:
		return err
	case errors.Is(err, fs.ErrPermission) && t.address.network == "unix":
		e := &PermissionError{Name: t.name, Address: t.address.String(), User: whoami(), Err: err}
		e.Allowed, e.Folder = allowed(t.address.where)
		return e
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTDIR):
		e := &NotRunningError{Name: t.name, Address: t.address.String(), Tried: []string{t.address.where}, Err: err}
		if t.address.network == "unix" && errors.Is(err, syscall.ECONNREFUSED) {
			e.Stale = e.Tried
		}
		return e
	}
	if errors.Is(err, io.EOF) {
		err = lost(err)
	}
	return fmt.Errorf("dialling %s: %w", t.address, err)
}

func whoami() string {
	id := host.Current()
	if id.Name == "" {
		return strconv.Itoa(id.UID)
	}
	return fmt.Sprintf("%s (%d)", id.Name, id.UID)
}

// allowed says which users may connect: by the mode of the socket, or of the
// folder that keeps this user from seeing it.
func allowed(path string) (who, folder string) {
	for _, p := range []string{path, filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
		if info, err := os.Stat(p); err == nil {
			uid, gid := ownerOf(info)
			if p != path && info.Mode()&0o001 == 0 {
				folder = p
			}
			return fmt.Sprintf("user %d, group %d, mode %#o of %s", uid, gid, info.Mode().Perm(), p), folder
		}
	}
	return "", ""
}
