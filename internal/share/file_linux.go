package share

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/shm"
)

// create makes the file for a value, and the same file for reading only: before
// Linux 6.7 a sealed file can be mapped only by a descriptor that does not
// permit writing, and a mapping by such a one cannot be made writable.
func create(name string) (into target, from *os.File, err error) {
	f, err := shm.MemoryFile(name)
	switch {
	case shm.Forbidden(err):
		return temporary()
	case err != nil:
		return into, nil, err
	}
	if from, err = os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd())); err != nil {
		f.Close()
		return into, nil, fmt.Errorf("opening its memory file for reading: %w", err)
	}
	return target{f, true}, from, nil
}

func sealMemory(f *os.File) error {
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("sealing its memory file: %w", os.NewSyscallError("fcntl", err))
	}
	return nil
}

// leaveOutOfDumps keeps a value out of core dumps: each would be as large.
func leaveOutOfDumps(mem []byte) { _ = unix.Madvise(mem, unix.MADV_DONTDUMP) }
