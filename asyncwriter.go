package legion

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/legion-go/legion/status"
	"golang.org/x/sys/unix"
)

const (
	// maxAsync is how many bytes may wait to be written to standard error.
	maxAsync = 256 << 10

	// maxPiece is how many bytes are written at once: a pipe that is ready takes as
	// many without blocking.
	maxPiece = 4 << 10

	// pollWait is how long the writer waits before it looks whether it is to end.
	pollWait = 50 * time.Millisecond
)

// errAsyncFull is why lines were dropped when nothing failed.
var errAsyncFull = errors.New("more came than standard error takes")

// asyncWriter writes lines to a file, standard error, that may be a pipe that
// nobody reads, and never makes the writer of a line wait: one goroutine writes.
// It does not change the file to non-blocking mode, which others share, but
// writes only when the file is ready.
type asyncWriter struct {
	file *os.File
	text func(lines uint64, why error) []byte // that reports dropped ones
	wake chan struct{}
	quit chan struct{} // closed when Close gives up
	done chan struct{}

	mu      sync.Mutex
	buf     []byte
	spare   []byte // memory for buf
	taken   int    // bytes that the goroutine writes now
	closed  bool
	gaveUp  bool
	written uint64 // lines
	dropped uint64
	unsaid  uint64 // dropped lines that no line reports yet
	why     error  // of unsaid
	failure error  // of the last write
	torn    bool   // the file ends within a line; of the goroutine
}

func newAsyncWriter(f *os.File, text func(uint64, error) []byte) *asyncWriter {
	w := &asyncWriter{
		file: f, text: text,
		wake: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// Write takes a line that ends with a newline. What finds no room, or comes after
// Close, is dropped and counted.
func (w *asyncWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	if w.closed || w.taken+len(w.buf)+len(line) > maxAsync {
		w.dropLocked(line, errAsyncFull)
	} else {
		w.buf = append(w.buf, line...)
	}
	w.mu.Unlock()
	w.rouse()
	return len(line), nil
}

func (w *asyncWriter) rouse() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *asyncWriter) dropLocked(lines []byte, why error) {
	n := uint64(bytes.Count(lines, []byte{'\n'}))
	w.dropped += n
	if !w.closed { // else nobody is left to read it
		w.unsaid += n
		w.why = why
	}
}

func (w *asyncWriter) run() {
	defer close(w.done)
	for {
		batch := w.take()
		if batch == nil {
			return
		}
		w.put(batch, true)
		w.report()
	}
}

// take waits for lines, or for dropped ones to report, and returns nil when there
// will be no more of either.
func (w *asyncWriter) take() []byte {
	for {
		w.mu.Lock()
		w.taken = 0
		if len(w.buf) > 0 {
			batch := w.buf
			w.buf, w.spare = w.spare[:0], batch
			w.taken = len(batch)
			w.mu.Unlock()
			return batch
		}
		closed, report := w.closed, w.unsaid > 0 && w.failure == nil && !w.gaveUp
		w.mu.Unlock()
		switch {
		case report:
			return []byte{}
		case closed:
			return nil
		}
		<-w.wake
	}
}

// put writes lines, and drops what cannot be written.
func (w *asyncWriter) put(lines []byte, count bool) {
	var err error
	for len(lines) > 0 && err == nil {
		piece := lines[:min(len(lines), maxPiece)]
		if end := bytes.LastIndexByte(piece, '\n'); end >= 0 {
			piece = piece[:end+1]
		}
		if w.torn && w.failure != nil { // after what has failed
			_, err = w.await([]byte{'\n'})
		}
		if err == nil {
			var n int
			n, err = w.await(piece)
			w.mu.Lock()
			if count {
				w.written += uint64(bytes.Count(piece[:n], []byte{'\n'}))
			}
			w.failure = nil
			w.mu.Unlock()
			if n > 0 {
				w.torn = piece[n-1] != '\n'
			}
			lines = lines[n:]
		}
	}
	if err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failure = err
	if count {
		w.dropLocked(lines, err)
	}
}

// await writes as much of b as the file takes, once it takes any.
func (w *asyncWriter) await(b []byte) (int, error) {
	for {
		n, err := writeReady(w.file, b, pollWait)
		if n > 0 || err != nil {
			return n, err
		}
		select {
		case <-w.quit:
			return 0, errAsyncFull
		default:
		}
	}
}

// report writes the line that says how many were dropped.
func (w *asyncWriter) report() {
	w.mu.Lock()
	n, why := w.unsaid, w.why
	if w.failure != nil || w.gaveUp {
		n = 0 // when it works again
	}
	w.mu.Unlock()
	if n == 0 {
		return
	}
	w.put(w.text(n, why), false)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure == nil {
		w.unsaid -= n
	}
}

// Close writes what has been taken, and drops what is not written when ctx ends.
// The goroutine ends soon after at the latest, unless the system holds it up.
func (w *asyncWriter) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.rouse()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	if !w.gaveUp {
		w.gaveUp = true
		close(w.quit)
	}
	w.mu.Unlock()
	select {
	case <-w.done:
	case <-time.After(10 * pollWait):
	}
	return fmt.Errorf("write the log to standard error: %w", ctx.Err())
}

// stream is where the lines go.
func (w *asyncWriter) stream() *os.File { return w.file }

func (w *asyncWriter) stats() status.LogStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return logStats(w.written, w.dropped, w.failure)
}

// writeReady writes to f what it takes of b without blocking, once it is ready,
// for which it waits. It returns 0 and no error if it is not. That nobody reads a
// pipe any more is an error, and does not end the process as with os.Stderr's own
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

// atOnce writes to a file what it takes at once, and drops the rest.
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
