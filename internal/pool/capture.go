package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// capturePatience is how long a worker may take to send a profile or a trace,
// beyond the time that it covers.
const capturePatience = 10 * time.Second

// capture is a profile or a trace that a worker makes.
type capture struct {
	ended chan struct{} // closed when the worker has sent all, or why it cannot
	limit int
	bytes []byte
	size  int   // bytes that came, kept or not
	err   error // why it failed
}

// Capture returns a trace of the worker with the given pid over the next d, or
// a profile of the given kind, of at most limit bytes. Where workers are
// goroutines of this process, it is of the whole process. There is one at a
// time for a worker; when ctx ends, the worker stops making it.
func (p *Pool) Capture(ctx context.Context, pid int, kind string, d time.Duration, limit int) ([]byte, error) {
	if d < 0 || d > wire.MaxCaptureTime {
		return nil, fmt.Errorf("a profile or trace of %v: at most %v", d, wire.MaxCaptureTime)
	}
	m, err := p.of(pid).answering(pid)
	if err != nil {
		return nil, err
	}
	name := p.core.cfg.Name
	c, err := m.begin(kind, d, min(limit, wire.MaxCapture))
	if err != nil {
		return nil, fmt.Errorf("worker %d of pool %s: %w", pid, name, err)
	}
	late := time.NewTimer(d + capturePatience)
	defer late.Stop()
	select {
	case <-c.ended:
		switch {
		case c.err != nil:
			return nil, fmt.Errorf("worker %d of pool %s: %w", pid, name, c.err)
		case c.size > len(c.bytes):
			return nil, fmt.Errorf("worker %d of pool %s: it has %d bytes, and %d are allowed here: ask for less time", pid, name, c.size, c.limit)
		}
		return c.bytes, nil
	case <-m.proc.Done():
		return nil, fmt.Errorf("worker %d of pool %s has ended before it could send what it recorded: the report of its death says how", pid, name)
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-late.C:
		err = fmt.Errorf("it has sent nothing whole after %v: it may be stopped (`kill -CONT %d` lets it go on), or stuck in the kernel", d+capturePatience, pid)
	}
	m.control(wire.Header{Kind: wire.Capture, Code: wire.CaptureStop}, nil)
	return nil, fmt.Errorf("worker %d of pool %s: %w", pid, name, err)
}

// begin asks the worker for a profile or a trace.
func (m *member) begin(kind string, d time.Duration, limit int) (*capture, error) {
	m.mu.Lock()
	if m.capture != nil {
		m.mu.Unlock()
		return nil, errors.New("it is making a profile or a trace already: ask again when that has ended")
	}
	c := &capture{ended: make(chan struct{}), limit: limit}
	m.capture = c
	m.mu.Unlock()
	m.protocol.asks.Add(1)
	m.control(wire.Header{Kind: wire.Capture, Code: wire.CaptureBegin}, wire.AppendCapture(nil, kind, d))
	return c, nil
}

// captured handles a part, or the end, of a worker's answer. Only the receiver
// writes it until it has ended.
func (m *member) captured(f link.Frame) error {
	m.mu.Lock()
	c := m.capture
	m.mu.Unlock()
	state := wire.CaptureState(f.Code)
	switch state {
	case wire.CapturePart:
		var err error
		if c.size += len(f.Payload); c.size <= c.limit {
			c.bytes, err = f.AppendTo(c.bytes)
		}
		return err
	case wire.CaptureFailed:
		why, err := wire.DecodeReason(own(f))
		if err != nil {
			return err
		}
		c.err = errors.New(why)
	}
	m.mu.Lock()
	m.capture = nil
	m.mu.Unlock()
	close(c.ended)
	return nil
}
