package logstream

import (
	"bytes"
	"context"
	"os"

	"github.com/legion-go/legion/internal/outbox"
)

// Batch is how many bytes Put should get at once, as outbox.Options.Batch: a
// pipe that is ready takes as many without blocking.
const Batch = maxPiece

// Buffer is how many bytes of lines should wait for a stream, as
// outbox.Options.Buffer.
const Buffer = 256 << 10

// Sink writes lines to a file that may not take any for a while, or ever: a
// pipe that no process reads. It is an outbox.Sink. Made by New or Open.
type Sink struct {
	file  *os.File
	keeps bool // the file open: it is the process's
	torn  bool // the file ends within a line that is given up
}

// New makes a sink of an open file, which Sink.Close closes unless it is
// standard output or error.
func New(f *os.File) *Sink { return &Sink{file: f, keeps: f == os.Stdout || f == os.Stderr} }

// File is where the lines go.
func (s *Sink) File() *os.File { return s.file }

// Put writes lines, and waits until the file has taken them all or ctx ends. A
// line that fails is an *outbox.Refused: what failed once, a terminal that is
// gone or a pipe without a reader, mostly fails for ever. The next line begins
// on a line of its own.
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
