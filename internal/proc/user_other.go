//go:build unix && !linux

package proc

import (
	"fmt"
	"os"
)

// privileged reports, as an error, that this process is not root.
func privileged() error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("only a daemon that runs as root can do that, and this one runs as user %d", os.Geteuid())
	}
	return nil
}

// keepDumpable returns a function that does nothing: only on Linux does a start
// of a child of another user change this process.
func keepDumpable() func() { return func() {} }
