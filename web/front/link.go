package front

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"

	"github.com/legion-go/legion/client"
)

// link is a session's way to the daemon: one connection, made when it is needed
// and again after it has ended, to the successor after an upgrade. Calls on a
// connection are answered one after the other: one that would have to wait gets
// a connection for itself.
type link struct {
	daemon  Daemon
	options client.Options
	turn    chan struct{} // has an element while a call runs on main

	mu     sync.Mutex // held while dialling: others would dial the same daemon
	main   *client.Client
	closed bool
}

// link makes the way to the daemon for what was granted.
func (f *front) link(g grant) link {
	o := f.client
	o.Role, o.As = g.role.String(), g.as
	return link{daemon: f.daemon, options: o, turn: make(chan struct{}, 1)}
}

// dial connects to the first address of the daemon that answers.
func (l *link) dial(ctx context.Context) (c *client.Client, err error) {
	addresses, err := l.daemon.ControlAddresses()
	if err == nil && len(addresses) == 0 {
		err = errors.New("the daemon has no control socket: its configuration says control = none")
	}
	for _, address := range addresses {
		if c, err = client.Dial(ctx, address, l.options); err == nil {
			return c, nil
		}
	}
	return nil, refuse(http.StatusBadGateway, "%v", err)
}

// connect returns the connection of the session.
func (l *link) connect(ctx context.Context) (*client.Client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errOver
	}
	if l.main != nil {
		select {
		case <-l.main.Done():
			_ = l.main.Close() // what streams on it end as well: their daemon has
			l.main = nil
		default:
			return l.main, nil
		}
	}
	c, err := l.dial(ctx)
	if err != nil {
		return nil, err
	}
	l.main = c
	return c, nil
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	if l.main != nil {
		_ = l.main.Close()
	}
}

// greet asks which daemon it is, and returns the role that the session has.
func (l *link) greet(ctx context.Context, hello any) (role string, err error) {
	c, err := l.connect(ctx)
	if err != nil {
		return "", err
	}
	if err := c.Call(ctx, "daemon.hello", nil, hello); err != nil {
		return "", refuse(http.StatusBadGateway, "%v", err)
	}
	return c.Role(), nil
}

// call calls a method. If ctx ends first, the call goes on: the daemon may have
// done it already.
func (l *link) call(ctx context.Context, method string, params any) (result json.RawMessage, err error) {
	c, err := l.connect(ctx)
	if err != nil {
		return nil, err
	}
	select {
	case l.turn <- struct{}{}:
	default:
		if c, err = l.dial(ctx); err != nil {
			return nil, err
		}
		defer c.Close()
		return l.on(ctx, c, method, params)
	}
	type end struct {
		result json.RawMessage
		err    error
	}
	ended := make(chan end, 1)
	go func() { // ends with the call, or with the session's connection
		result, err := l.on(context.Background(), c, method, params)
		<-l.turn
		ended <- end{result, err}
	}()
	select {
	case e := <-ended:
		return e.result, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// on calls a method on a connection. It leaves no stream behind.
func (l *link) on(ctx context.Context, c *client.Client, method string, params any) (result json.RawMessage, err error) {
	if err := c.Call(ctx, method, params, &result); err != nil {
		if _, said := errors.AsType[*client.Error](err); said {
			return nil, err
		}
		return nil, refuse(http.StatusBadGateway, "%v", err)
	}
	if stream, yes := begunStream(result); yes {
		_ = c.Call(ctx, "rpc.cancel", map[string]json.RawMessage{"stream": stream}, nil)
		return nil, &client.Error{Code: client.CodeMethod, Message: method + " streams: use POST watch"}
	}
	return result, nil
}

// begunStream reports whether a result is that of a method that streams:
// {"stream": NUMBER} and nothing more.
func begunStream(result json.RawMessage) (stream json.RawMessage, yes bool) {
	if len(result) > 64 {
		return nil, false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(result, &members) != nil || len(members) != 1 {
		return nil, false
	}
	stream = members["stream"]
	return stream, len(stream) > 0 && stream[0] >= '0' && stream[0] <= '9'
}
