package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion"
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
		r.client, err = r.unlessLocked(ctx)
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

// lockPatience is how long a daemon may hold its lock without an answer at its
// control socket: it has just begun to start, or is about to end.
const lockPatience = time.Second

// unlessLocked dials the program's own daemon. One that does not answer, but holds
// its lock, is not stopped.
func (r *remote) unlessLocked(ctx context.Context) (*client.Client, error) {
	for begun := time.Now(); ; {
		c, err := r.own(ctx)
		if absent := (*client.NotRunningError)(nil); !errors.As(err, &absent) {
			return c, err
		}
		l, lockErr := legion.Use[legion.LockReporter](r.program.daemon)
		if lockErr != nil {
			return nil, err // it has no lock
		}
		held := l.Lock()
		if !held.Held {
			return nil, err
		}
		if time.Since(begun) > lockPatience {
			return nil, &lockedError{name: r.program.daemon.Name(), address: r.address, lock: held}
		}
		select {
		case <-time.After(lockPatience / 50):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// lockedError says that a daemon runs, but does not answer.
type lockedError struct {
	name, address string
	lock          legion.LockInfo
}

func (e *lockedError) Error() string {
	const text = "%s runs, but does not answer at %s: "
	if e.lock.PID == 0 {
		return fmt.Sprintf(text+"a process that cannot be seen from here, in another container perhaps, holds the lock %s", e.name, e.address, e.lock.Path)
	}
	return fmt.Sprintf(text+"process %d holds the lock %s; its log says more; kill %d ends it", e.name, e.address, e.lock.PID, e.lock.Path, e.lock.PID)
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
