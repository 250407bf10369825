package proc

import (
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/confine"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/sandbox"
)

// beforeBirth is what a child with a sandbox does first, while it can read
// /proc: it closes descriptors that were not meant for it, sets limits, and
// restarts if it has to.
func beforeBirth(m *marker, box *sandbox.Sandbox) error {
	if m.again {
		if m.statm > 0 {
			statmFD = m.statm
		}
		return nil
	}
	closeUnmarked(m.firstFile() + m.files)
	for _, resource := range []int{unix.RLIMIT_MEMLOCK, unix.RLIMIT_MSGQUEUE} {
		if err := lower(resource, 0); err != nil {
			return err
		}
	}
	restarts, err := confine.Restarts(box)
	if err != nil || !restarts {
		return err
	}
	return restart(*m, box)
}

// closeUnmarked closes the descriptors from first on that stay open when a
// program is executed. The daemon marks all of its own before a start: see
// host.KeepDescriptors. But C code in it may open others at the same moment; at
// the start of a child every descriptor without the mark is one of these.
func closeUnmarked(first int) {
	for _, name := range host.ListDescriptors() {
		fd, err := strconv.Atoi(name)
		if err != nil || fd < first {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
}

// restart confines the main thread, and executes the program again: then all
// of its threads descend from that thread. It returns only an error. The
// process, its descriptors and its limits stay; what a child reads in /proc is
// done before, or open.
func restart(m marker, box *sandbox.Sandbox) error {
	err := offerToKernel(m.limits.OOMScore)
	if err != nil {
		return err
	}
	if m.limits.Memory != 0 {
		if m.statm, err = keepStatm(); err != nil {
			return err
		}
	}
	if err = confine.Birth(box); err != nil {
		return err
	}
	m.again = true
	text, err := m.encode()
	if err != nil {
		return err
	}
	const self = "/proc/self/exe"
	err = syscall.Exec(self, os.Args, append(os.Environ(), markerName+"="+text))
	return &os.PathError{Op: "exec", Path: self, Err: err}
}

// keepStatm opens /proc/self/statm for the time after the restart.
func keepStatm() (fd int, err error) {
	const file = "/proc/self/statm"
	if fd, err = unix.Open(file, unix.O_RDONLY, 0); err != nil {
		return 0, &os.PathError{Op: "open", Path: file, Err: err}
	}
	return fd, nil
}

// statmFD is that descriptor in a child that has restarted, until it has been
// read.
var statmFD = -1

// ownSizes are the sizes of this process's memory.
func ownSizes() (sizes, error) {
	if statmFD < 0 {
		return statm("self")
	}
	fd := statmFD
	statmFD = -1
	defer unix.Close(fd)
	return readSizes(fd, "/proc/self/statm")
}
