package logstream

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Open opens what path leads to if that is a stream: standard output or error,
// a device, or a named pipe of this process's user or of root. It returns nil
// and no error for any other file, and if the file does not exist.
func Open(path string) (*Sink, error) {
	if f := Standard(path); f != nil {
		return New(f), nil
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, nil // package logfile creates it, or says why not
	}
	flags := os.O_WRONLY
	switch {
	case info.Mode()&fs.ModeCharDevice != 0:
	case info.Mode()&fs.ModeNamedPipe != 0:
		if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
			return nil, fmt.Errorf("the named pipe %s belongs to user %d, neither to this process's user %d nor to root: change its owner or choose another path", path, st.Uid, os.Geteuid())
		}
		// With its own reading end open, the daemon neither waits for a reader nor
		// loses the pipe when one leaves.
		flags = os.O_RDWR
	default:
		return nil, nil
	}
	f, err := os.OpenFile(path, flags|unix.O_NOFOLLOW|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open log file: %w", err)
	}
	return New(f), nil
}

// Standard returns standard output or error if path is a name of it, else nil.
func Standard(path string) *os.File {
	switch path {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return os.Stdout
	case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2":
		return os.Stderr
	}
	return nil
}
