package proc

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/shm"
)

// newCrashFile makes the file that a child writes its crash report to: in
// memory, not in the file system, of a fixed size that neither side can change.
// Its pages are allocated, and charged to the child, only when they are
// written. Where memory files are forbidden it is a temporary file.
func newCrashFile() (*os.File, error) {
	f, err := shm.MemoryFile("legion-crash")
	if shm.Forbidden(err) {
		f, also := temporaryCrashFile()
		if also != nil {
			return nil, fmt.Errorf("%w; a temporary file fails too, because %w: permit memfd_create in the sandbox, or set TMPDIR to a writable folder", also, err)
		}
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("making the crash file: %w", err)
	}
	err = f.Truncate(crashSize)
	if err == nil {
		_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("making the crash file: fixing its size: %w", err)
	}
	return f, nil
}
