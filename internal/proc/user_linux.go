package proc

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// privileged reports, as an error, which of root's rights this process lacks to
// start processes of other users, and to end them.
func privileged() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return os.NewSyscallError("capget", err)
	}
	var lacks []string
	for _, c := range []struct {
		bit  uint
		name string
	}{{unix.CAP_SETUID, "CAP_SETUID"}, {unix.CAP_SETGID, "CAP_SETGID"}, {unix.CAP_KILL, "CAP_KILL"}} {
		if data[0].Effective&(1<<c.bit) == 0 {
			lacks = append(lacks, c.name)
		}
	}
	switch {
	case lacks == nil:
		return nil
	case os.Geteuid() != 0:
		return fmt.Errorf("only a daemon that runs as root can do that, and this one runs as user %d", os.Geteuid())
	}
	return fmt.Errorf("this process lacks %s: its container or its unit took that away", strings.Join(lacks, ", "))
}

// keepDumpable returns a function that undoes what a start of a child of
// another user does to this process. The child shares this process's memory
// until it executes the program; when it changes its user, the kernel marks
// that memory as not to be dumped, and this process would get no core dump and
// no debugger.
func keepDumpable() func() {
	before, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	return func() {
		if err == nil && before == 1 {
			unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0)
		}
	}
}
