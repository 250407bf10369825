//go:build unix && !linux

package host

import (
	"os"
	"syscall"
)

// renice sets the nice value of this process; it has only one.
func renice(n int) error {
	return os.NewSyscallError("setpriority", syscall.Setpriority(syscall.PRIO_PROCESS, 0, n))
}
