package takeover

import (
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// OutputLines and outputBytes bound Failed.Output.
const (
	OutputLines = 20
	outputBytes = 16 << 10
)

// capture reads what a successor prints to stderr until it counts: keeps the end of it, and copies all to a file.
type capture struct {
	r       *os.File
	to      *os.File // may be nil
	stopped chan struct{}

	mu   sync.Mutex
	tail []byte // at most twice outputBytes
}

func newCapture(r, to *os.File) *capture {
	c := &capture{r: r, to: to, stopped: make(chan struct{})}
	go c.run()
	return c
}

func (c *capture) run() {
	defer close(c.stopped)
	buf := make([]byte, 8<<10)
	for {
		n, err := c.r.Read(buf)
		c.add(buf[:n])
		if err != nil {
			return
		}
	}
}

func (c *capture) add(b []byte) {
	if len(b) == 0 {
		return
	}
	c.mu.Lock()
	c.tail = append(c.tail, b...)
	if len(c.tail) > 2*outputBytes {
		c.tail = c.tail[:copy(c.tail, c.tail[len(c.tail)-outputBytes:])]
	}
	c.mu.Unlock()
	if c.to != nil {
		_, _ = c.to.Write(b) // that our stderr is gone must not end the daemon's start
	}
}

// stop ends the reading. What has not been read stays in the pipe. It does not wait for ever for a file that takes no
// more bytes: a terminal that was stopped, say.
func (c *capture) stop() {
	c.r.SetReadDeadline(time.Unix(1, 0))
	select {
	case <-c.stopped:
	case <-time.After(lastWords):
	}
}

// close stops, and leaves the rest to whoever has the pipe too.
func (c *capture) close() {
	c.stop()
	c.r.Close()
}

// finish stops, takes what is in the pipe still, and returns the last lines. Some process may go on writing to it.
func (c *capture) finish() []string {
	c.stop()
	c.r.SetReadDeadline(time.Time{})
	if conn, err := c.r.SyscallConn(); err == nil {
		buf := make([]byte, 64<<10) // a pipe's size, mostly
		conn.Read(func(fd uintptr) bool {
			for range 16 {
				n, err := syscall.Read(int(fd), buf)
				if n > 0 {
					c.add(buf[:n])
				} else if err != syscall.EINTR {
					break
				}
			}
			return true
		})
	}
	c.r.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	return lastLines(c.tail)
}

// lastLines returns the last OutputLines lines in the last outputBytes bytes; of a line that begins before them, what is
// in them only if it is the only one.
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
