package cli

import (
	"context"
	"runtime"
	"strings"
	"time"

	"github.com/legion-go/legion/client"
)

// patience is how long a daemon may take for answers that need no wait.
const patience = 30 * time.Second

// remote is a daemon, which may not run.
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

// process returns the pid that a daemon reports if this process can watch and
// kill it by that number. It returns 0 on another machine, and in another
// container, where that number is another process.
func (r *remote) process(pid int) int {
	if strings.HasPrefix(r.address, "tcp://") || runtime.GOOS == "linux" && r.client.PID() != pid {
		return 0
	}
	return pid
}

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
