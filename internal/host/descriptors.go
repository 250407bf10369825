package host

import (
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// KeepDescriptors marks all descriptors of this process but standard input,
// output and error as close-on-exec. Go marks the descriptors that it opens.
// Descriptors that a shell or a supervisor left open, and those of C libraries,
// are not marked: every process that this one starts would inherit them, even
// if it runs as another user. Descriptors that a start passes on intentionally
// are not affected. Call it just before a start; several goroutines may call it
// at the same time.
func KeepDescriptors() {
	if !keepRange(firstOther) {
		keepListed()
	}
}

// firstOther is the first descriptor after the standard ones.
const firstOther = 3

// keepListed marks them one by one. That takes longer, so it does it only once.
var keepListed = sync.OnceFunc(func() {
	names := ListDescriptors()
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd >= firstOther {
			unix.CloseOnExec(fd) // the error for a descriptor that is closed already does not matter
		}
	}
})

// ListDescriptors returns the numbers of the open descriptors, with that of the
// folder that lists them; nil if the system does not tell.
func ListDescriptors() []string {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	return names
}

// OnDescriptor runs fn on the descriptor of a file or connection, without
// changing whether it blocks.
func OnDescriptor(c syscall.Conn, fn func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var result error
	if err := raw.Control(func(fd uintptr) { result = fn(int(fd)) }); err != nil {
		return err
	}
	return result
}
