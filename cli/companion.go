package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// companion is a program of Legion's that a daemon does not link, because it
// needs more than daemons and workers should carry.
type companion struct {
	name    string // of the program
	install string // what go install takes
}

var terminalTop = companion{"legion-top", "github.com/legion-go/legion/top/legion-top"}

// path is where the companion is; "" if it is not installed.
func (c companion) path() string {
	path, err := exec.LookPath(c.name)
	if err != nil {
		return ""
	}
	return path
}

// become makes this process the companion, with the daemon's address as its
// last argument. It returns only if that fails.
func (c companion) become(ctx context.Context, in *Invocation, args ...string) error {
	if _, err := in.Client(ctx); err != nil { // says what to do, as for every command
		return err
	}
	address := in.remote.address
	in.remote.close()
	args = append(append([]string{c.name}, args...), address)
	if err := unix.Exec(c.path(), args, os.Environ()); err != nil {
		return fmt.Errorf("executing %s: %w", c.path(), err)
	}
	return nil
}

// typed is what the user types before a command for the daemon; "" in a Tool.
func (in *Invocation) typed() string {
	if in.program.daemon == nil {
		return ""
	}
	command, _, _ := strings.Cut(in.path, " ")
	return command
}
