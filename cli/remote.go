package cli

import (
	"context"
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
