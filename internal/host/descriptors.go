package host

import (
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// KeepDescriptors marks all descriptors of this process but standard input, output and error as close-on-exec. Go opens
// its own so; those that a shell or a supervisor left open for it, and those of C libraries, are not, and would be open in
// every process that it starts, whoever's that becomes. Descriptors that a start passes on by intent are not affected. It
// is for just before a start, and may be called by several goroutines at the same time.
func KeepDescriptors() {
	if !keepRange(firstOther) {
		keepListed()
	}
}

// firstOther is the first descriptor after the standard ones.
const firstOther = 3

// keepListed does it one by one, which takes longer: once.
var keepListed = sync.OnceFunc(func() {
	names := listDescriptors()
	for _, name := range names {
		if fd, err := strconv.Atoi(name); err == nil && fd >= firstOther {
			unix.CloseOnExec(fd) // one that is closed already is an error, which says nothing
		}
	}
})

// listDescriptors returns the numbers of the open ones.
func listDescriptors() []string {
	dir, err := os.Open("/dev/fd")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	return names
}

// OnDescriptor runs fn on the descriptor of a file or connection, whose mode of blocking is not touched.
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
