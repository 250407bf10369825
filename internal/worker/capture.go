package worker

import (
	"context"
	"errors"
	"runtime/trace"
	"sync"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/profiling"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/sandbox"
)

// enoughTrace is the size from which a trace ends early: what the runtime
// writes at its end still fits into wire.MaxCapture.
const enoughTrace = 7 << 20

// maxPart bounds a part of a capture, so that answers to calls come between two
// of them.
const maxPart = 32 << 10

// captures makes profiles and traces, one at a time.
type captures struct {
	mu    sync.Mutex
	early context.CancelFunc // ends the one under way, if any
}

// capture begins or ends a profile or a trace.
func (s *server) capture(f link.Frame) error {
	c := &s.captures
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.Code == wire.CaptureStop {
		if c.early != nil {
			c.early()
		}
		return nil
	}
	kind, d, err := wire.DecodeCapture(f.Payload)
	if err != nil {
		return err
	}
	ctx, early := context.WithTimeout(s.life, d)
	c.early = early
	s.over.Go(func() {
		defer early()
		s.answerCapture(s.record(ctx, early, kind))
	})
	return nil
}

// answerCapture ends the answer to a Capture.
func (s *server) answerCapture(err error) {
	h, why := wire.Header{Kind: wire.Captured, Code: uint16(wire.CaptureEnd)}, []byte(nil)
	if err != nil {
		h.Code, why = uint16(wire.CaptureFailed), wire.AppendReason(nil, err.Error())
	}
	_ = s.conn.Send(h, why)
}

// record makes a profile or a trace until ctx ends, and sends it.
func (s *server) record(ctx context.Context, early context.CancelFunc, kind string) error {
	sent := &parts{conn: s.conn, enough: early, most: maxPart}
	to := &profiling.Sink{Take: sent.take}
	if kind == "trace" {
		if err := trace.Start(to); err != nil {
			return err
		}
		<-ctx.Done()
		trace.Stop()
		return sent.failed
	}
	tools, err := profilesHere()
	if err != nil {
		return err
	}
	if kind != "cpu" {
		return errors.Join(tools.Write(to, kind), sent.failed)
	}
	stop, err := tools.CPU(to)
	if err != nil {
		return err
	}
	s.labels.Store(tools)
	<-ctx.Done()
	s.labels.Store(nil)
	stop()
	return sent.failed
}

// profilesHere returns what package profile provides, if it works in this
// process.
func profilesHere() (*profiling.Tools, error) {
	tools, err := profiling.Get()
	if err != nil {
		return nil, err
	}
	if self := proc.Self(); self != nil && endsReader(self.Sandbox) {
		return nil, errors.New("the pool's sandbox has Strict set, and its functions may open no file: " +
			"so the kernel would end the worker when the profile looks at /proc/self/maps; a trace works")
	}
	return tools, nil
}

// endsReader reports whether the kernel ends a worker that tries to open a
// file, as runtime/pprof does for each profile. Elsewhere it does without.
func endsReader(box *sandbox.Sandbox) bool {
	return box != nil && box.Strict && len(box.Read)+len(box.Write) == 0 && !box.Network.Any()
}

// parts sends a profile or a trace. After an error it drops the rest.
type parts struct {
	conn   link.Conn
	enough func() // ends what is made
	most   int    // bytes of a part
	size   int
	failed error
}

// take sends b.
func (p *parts) take(b []byte) {
	for len(b) > 0 && p.failed == nil {
		part := b[:min(p.most, len(b))]
		if p.size+len(part) > wire.MaxCapture {
			p.failed = errors.New("it has become too large: ask for less time")
			break
		}
		err := p.conn.Send(wire.Header{Kind: wire.Captured, Code: uint16(wire.CapturePart)}, part)
		if large := (*wire.TooLarge)(nil); errors.As(err, &large) { // Pool.MaxPayload is small
			p.most = int(large.Limit)
			continue
		}
		p.failed = err
		p.size += len(part)
		b = b[len(part):]
	}
	if p.size > enoughTrace || p.failed != nil {
		p.enough()
	}
}

// perform runs the function of a call, with a label for the samples of the
// profile that is being made, if one is.
func (s *server) perform(j *job) {
	if tools := s.labels.Load(); tools != nil {
		tools.Label(j.ctx, j.fn.Name, func() { s.run(j) })
		return
	}
	s.run(j)
}
