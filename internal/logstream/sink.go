package logstream

import (
	"bytes"
	"context"
	"os"

	"github.com/legion-go/legion/internal/outbox"
)

// Batch is how many bytes Put should get at once, for outbox.Options.Batch: a
// ready pipe takes that many without blocking.
const Batch = maxPiece

// Buffer is how many bytes of lines should wait for a stream, for
// outbox.Options.Buffer.
const Buffer = 256 << 10

// Sink writes lines to a file that may block for a while, or for ever, such as
// a pipe that no process reads. It is an outbox.Sink. Made by New or Open.
type Sink struct {
	file  *os.File
	keeps bool // Close leaves the file open: it belongs to the process
	torn  bool // the file ends within an abandoned line
}

// New makes a sink of an open file, which Sink.Close closes unless it is
// standard output or error.
func New(f *os.File) *Sink { return &Sink{file: f, keeps: f == os.Stdout || f == os.Stderr} }

// File returns the file.
func (s *Sink) File() *os.File { return s.file }

// Put writes lines, and waits until the file has taken them all or ctx ends.
// For a line that fails the error is an *outbox.Refused: a write that failed
// once, to a closed terminal or a pipe without a reader, usually fails for
// ever. The next line begins on a line of its own.
func (s *Sink) Put(ctx context.Context, lines []byte) (n int, err error) {
	if s.torn && len(lines) > 0 {
		if _, err := s.write(ctx, []byte{'\n'}); err != nil {
			return 0, s.failed(ctx, err)
		}
		s.torn = false
	}
	n, err = s.write(ctx, lines)
	if err == nil {
		return n, nil
	}
	whole := bytes.LastIndexByte(lines[:n], '\n') + 1
	s.torn = n > whole
	return whole, s.failed(ctx, err)
}

// failed is the error of a Put: an end of ctx is no fault of the file's.
func (s *Sink) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return &outbox.Refused{Err: err}
}

// write writes all of b, once the file takes it, and returns how much of it is
// written when ctx ends or the file fails.
func (s *Sink) write(ctx context.Context, b []byte) (n int, err error) {
	for n < len(b) {
		m, err := writeReady(s.file, b[n:], pollWait)
		n += m
		if err == nil && m == 0 {
			err = ctx.Err()
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// Close closes the file, but leaves standard output and error, which are the
// process's, open.
func (s *Sink) Close() error {
	if s.keeps {
		return nil
	}
	return s.file.Close()
}
