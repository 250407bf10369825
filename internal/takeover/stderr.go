package takeover

import (
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// OutputLines and outputBytes bound Failed.Output.
const (
	OutputLines = 20
	outputBytes = 16 << 10
)

// capture reads a successor's stderr until the successor counts: it keeps the
// end, and copies everything to a file.
type capture struct {
	r       *os.File
	to      *os.File    // may be nil
	drain   atomic.Bool // when stopped, read the rest of the pipe
	stopped chan struct{}

	mu   sync.Mutex
	tail []byte // at most twice outputBytes
}

func newCapture(r, to *os.File) *capture {
	c := &capture{r: r, to: to, stopped: make(chan struct{})}
	go c.run()
	return c
}

// run ends at the end of the pipe, or at the read deadline. Only run writes to
// c.to, which may block.
func (c *capture) run() {
	defer close(c.stopped)
	buf := make([]byte, 8<<10)
	for {
		n, err := c.r.Read(buf)
		c.keep(buf[:n])
		c.copy(buf[:n])
		if err != nil {
			break
		}
	}
	if c.drain.Load() {
		rest(c.r, func(b []byte) { c.keep(b); c.copy(b) })
	}
}

func (c *capture) keep(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tail = append(c.tail, b...)
	if len(c.tail) > 2*outputBytes {
		c.tail = c.tail[:copy(c.tail, c.tail[len(c.tail)-outputBytes:])]
	}
}

func (c *capture) copy(b []byte) {
	if len(b) > 0 && c.to != nil {
		_, _ = c.to.Write(b) // a closed stderr of ours must not end the daemon's start
	}
}

// stop ends the reading. It does not wait forever for a file that takes no more
// bytes, such as a stopped terminal; then it reports false.
func (c *capture) stop() bool {
	c.r.SetReadDeadline(time.Unix(1, 0))
	select {
	case <-c.stopped:
		return true
	case <-time.After(lastWords):
		return false
	}
}

// close stops, and leaves the unread rest to the successor, which has the pipe
// too.
func (c *capture) close() {
	c.stop()
	c.r.Close()
}

// finish reads the rest of the pipe, stops, and returns the last lines.
func (c *capture) finish() []string {
	c.drain.Store(true)
	if !c.stop() {
		rest(c.r, c.keep)
	}
	c.r.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	return lastLines(c.tail)
}

// rest reads the bytes in a pipe, without waiting for more. It is bounded,
// because another process may go on writing. use may block forever, so other
// readers may read while it runs.
func rest(pipe *os.File, use func([]byte)) {
	pipe.SetReadDeadline(time.Time{})
	conn, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	buf := make([]byte, 64<<10) // the usual size of a pipe
	for range 16 {
		n := 0
		read := func(fd uintptr) bool {
			for n, err = syscall.Read(int(fd), buf); err == syscall.EINTR; {
				n, err = syscall.Read(int(fd), buf)
			}
			return true
		}
		if conn.Read(read) != nil || n <= 0 {
			return
		}
		use(buf[:n])
	}
}

// lastLines returns the last OutputLines lines in the last outputBytes bytes.
// It returns part of a line that begins before them only if that is the only
// line.
func lastLines(b []byte) []string {
	cut := len(b) > outputBytes
	b = b[max(0, len(b)-outputBytes):]
	text := strings.TrimRight(strings.ToValidUTF8(string(b), "\uFFFD"), "\n")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	if cut && len(lines) > 1 {
		lines = lines[1:]
	}
	return lines[max(0, len(lines)-OutputLines):]
}
