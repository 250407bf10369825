package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/legion-go/legion/client"
)

// patience is how long a daemon may take to answer what it answers at once.
const patience = 30 * time.Second

// remote is a daemon that runs, or should.
type remote struct {
	program *program
	target  string // its name or address; "": the program's own daemon
	address string // once it has been dialled
	client  *client.Client
}

// errNoControl is why nobody can say anything to a daemon.
var errNoControl = errors.New("has no control socket")

// connect dials the daemon, once.
func (r *remote) connect(ctx context.Context) (*client.Client, error) {
	if r.client != nil {
		return r.client, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	if r.program.daemon != nil {
		r.client, err = r.own(ctx)
	} else {
		r.client, err = r.named(ctx)
	}
	return r.client, err
}

// own dials the program's own daemon. Where that is left to Legion, it may be
// another user's, root's for instance, in another folder than it would be for this
// one.
func (r *remote) own(ctx context.Context) (*client.Client, error) {
	d := r.program.daemon
	address, err := d.ControlAddress()
	if err != nil {
		return nil, exit(ExitNotConfigured, "finding the control socket: %w", err)
	}
	if address == "" {
		return nil, exit(ExitNotConfigured, "%s %w: its configuration says control = none", d.Name(), errNoControl)
	}
	r.address = address
	c, err := client.Dial(ctx, address, client.Options{})
	absent := (*client.NotRunningError)(nil)
	config := d.Config()
	if !errors.As(err, &absent) || config.RuntimeDir != "" || config.Control != "" {
		return c, err
	}
	elsewhere, other := client.Dial(ctx, d.Name(), client.Options{})
	if more := (*client.NotRunningError)(nil); errors.As(other, &more) {
		return nil, err // what was tried first is where it would be started
	}
	return elsewhere, other
}

// named dials the daemon of that name or address.
func (r *remote) named(ctx context.Context) (c *client.Client, err error) {
	tool := r.program.tool
	if r.target == "" {
		return nil, usage("which daemon? Give its name or its address")
	}
	r.address = r.target
	if tool.Find != nil && !isAddress(r.target) {
		if r.address, err = tool.Find(r.target); err != nil {
			return nil, err
		}
	}
	var o client.Options
	if tool.Options != nil {
		if o, err = tool.Options(r.address); err != nil {
			return nil, err
		}
	}
	return client.Dial(ctx, r.address, o)
}

func isAddress(s string) bool { return strings.Contains(s, "/") }

// local reports whether the daemon is on this machine: its pids are ours.
func (r *remote) local() bool { return !strings.HasPrefix(r.address, "tcp://") }

// name is what messages call the daemon.
func (r *remote) name() string {
	if r.program.daemon != nil {
		return r.program.daemon.Name()
	}
	return r.target
}

func (r *remote) close() {
	if r.client != nil {
		_ = r.client.Close()
	}
}
