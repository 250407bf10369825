package logstream

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxPiece is how many bytes are written at once.
	maxPiece = 4 << 10

	// pollWait is how long a write waits before it checks whether it must end.
	pollWait = 50 * time.Millisecond
)

// writeReady waits until f is ready, and writes as much of b as f takes without
// blocking. It returns 0 and no error if f is not ready in time. A pipe without
// a reader is an error, and does not end the process as with os.Stderr's own
// Write.
func writeReady(f *os.File, b []byte, wait time.Duration) (n int, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	refused := conn.Control(func(fd uintptr) {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		if n, err = unix.Poll(ready, int(wait.Milliseconds())); n > 0 {
			n, err = unix.Write(int(fd), b[:min(len(b), maxPiece)])
		}
	})
	if refused != nil {
		return 0, refused
	}
	if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
		err = nil
	}
	return max(n, 0), err
}

// AtOnce returns a writer that writes to f what f takes at once, and drops the
// rest.
func AtOnce(f *os.File) io.Writer { return atOnce{f} }

type atOnce struct{ file *os.File }

func (w atOnce) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		n, err := writeReady(w.file, rest, pollWait)
		if n == 0 || err != nil {
			break
		}
		rest = rest[n:]
	}
	return len(b), nil
}
