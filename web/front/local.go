package front

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
)

// LocalOptions are those of [Listen]. The zero value is usable.
type LocalOptions struct {
	// Addr is where to listen: an address of this machine alone, as
	// "127.0.0.1:8080" or "[::1]:0"; names are not accepted. Default: 127.0.0.1:0,
	// a free port.
	Addr string
	// Role is what the page may do, at most: it has no more than the daemon gives
	// this process. Default: RoleRead.
	Role legion.Role
	// Command is what the page shows before a command. Default: the daemon's name.
	Command string
	// Client and Log are as in [Options].
	Client client.Options
	Log    *slog.Logger
}

// Local is a front for the person who started it.
type Local struct {
	front    *front
	listener net.Listener
	tokens   tokens
}

// Listen opens a front on a loopback address. Only who has a link of
// [Local.Link] can use it. It answers once [Local.Serve] runs, which also
// closes it.
func Listen(d Daemon, o LocalOptions) (*Local, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(o.Addr)
	at, wrong := netip.ParseAddr(host)
	switch {
	case err != nil || wrong != nil || !at.IsLoopback() || at.Zone() != "":
		return nil, fmt.Errorf("the address %q is not one of this machine alone: give 127.0.0.1:PORT or [::1]:PORT; other machines come by ssh -L", o.Addr)
	case !isPort(port):
		return nil, fmt.Errorf("the port %q of the address is not a number from 0 to 65535; 0 takes a free one", port)
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	l := newLocal(d, listener.Addr().String(), o)
	l.listener = listener
	return l, nil
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == text
}

// newLocal makes a Local that seems to listen at an address.
func newLocal(d Daemon, addr string, o LocalOptions) *Local {
	if o.Role < legion.RoleRead {
		o.Role = legion.RoleRead
	}
	l := &Local{front: newFront(d, o.Client, o.Log)}
	l.front.host, l.front.command = addr, o.Command
	l.front.admit = func(_ *http.Request, token string) (grant, func(), error) {
		keep, ok := l.tokens.redeem(token)
		if !ok {
			return grant{}, nil, refuse(http.StatusUnauthorized, "this link was used, or is older than %v", TokenLife)
		}
		return grant{o.Role, "dashboard"}, keep, nil
	}
	return l
}

// Addr is where it listens, as "127.0.0.1:34567".
func (l *Local) Addr() string { return l.front.host }

// Link makes an address for a browser. It works once, within [TokenLife], and
// is a secret until then: the token in it is in the fragment, which browsers do
// not send.
func (l *Local) Link() string { return "http://" + l.front.host + "/#token=" + l.tokens.issue() }

// Serve answers until ctx ends. It then ends all sessions, and returns nil once
// every request has been answered, or after two seconds.
func (l *Local) Serve(ctx context.Context) error {
	server := &http.Server{
		Handler:           l.front,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // what clients do wrong; panics go to Log
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l.listener) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
	}
	l.front.sessions.close()
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	_ = server.Shutdown(limited)
	_ = server.Close()
	if err == nil {
		<-served
	}
	return err
}

// lastWords is how long requests may take to end with the front.
const lastWords = 2 * time.Second
