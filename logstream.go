package legion

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openLogStream opens what a Config.LogFile leads to if that is no file that is
// kept, but is read as it is written: standard output and error, a device, a named
// pipe. It returns nil for everything else. Such a log is not rotated or opened
// anew.
func openLogStream(path string) (*os.File, error) {
	if f := standardStream(path); f != nil {
		return f, nil
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, nil // package logfile makes it, or says why not
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
	return f, nil
}

// standardStream returns standard output or error if path is a name of it.
func standardStream(path string) *os.File {
	switch path {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return os.Stdout
	case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2":
		return os.Stderr
	}
	return nil
}

// streamWriter closes its file with itself.
type streamWriter struct{ *asyncWriter }

func (w *streamWriter) Close(ctx context.Context) error {
	return errors.Join(w.asyncWriter.Close(ctx), closeLogStream(w.file))
}

// closeLogStream leaves standard output and error, which are the process's, open.
func closeLogStream(f *os.File) error {
	if f == os.Stdout || f == os.Stderr {
		return nil
	}
	return f.Close()
}
