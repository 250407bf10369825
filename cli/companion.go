package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// companion is a program of Legion's that a daemon does not link, because it
// needs more than daemons and workers should carry.
type companion struct {
	name   string // of the program
	module string // the folder of its module in Legion's repository; "" is the root
	folder string // of the program in its module
}

var terminalTop = companion{"legion-top", "top", "legion-top"}

// install is the command that installs the companion: from the clone of Legion
// that this program was built with, or else the latest release.
func (c companion) install() string {
	_, file, _, _ := runtime.Caller(0)
	return c.installFrom(filepath.Dir(filepath.Dir(file)))
}

// installFrom is install for a program whose Legion is in the folder dir. A
// release is in one with its version, or has been copied without its go.mod.
func (c companion) installFrom(dir string) string {
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil || !filepath.IsAbs(dir) || strings.Contains(dir, "@") {
		return "go install " + path.Join("github.com/legion-go/legion", c.module, c.folder) + "@latest"
	}
	command := fmt.Sprintf("go -C %s install ./%s", filepath.Join(dir, c.module), c.folder)
	if c.module != "" { // which go.work leaves out
		command = "GOWORK=off " + command
	}
	return command
}

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
