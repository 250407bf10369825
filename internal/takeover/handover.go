package takeover

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// handOver is the predecessor's side of the picture in the package's text. An error means that the process does not
// count, and may still live.
func (p *Successor) handOver(ctx context.Context, r record, timeout <-chan time.Time, settle time.Duration) error {
	go p.tell(r.encode()) // a process that does not read could keep it waiting; it ends with the process

	m, err := p.next(ctx, timeout, "before it was ready")
	switch {
	case errors.Is(err, ErrTimeout):
		return &Failed{Message: "it was not ready in time, and was killed", Err: ErrTimeout}
	case err != nil:
		return err
	case m.kind == msgFailed:
		return &Failed{Code: m.code, Message: m.text}
	}
	p.tell([]byte{msgAccepted})

	if settle > 0 {
		timer := time.NewTimer(settle)
		defer timer.Stop()
		m, err := p.next(ctx, timer.C, fmt.Sprintf("after it was ready, and had to stay alive for %v", settle))
		switch {
		case err == nil && m.kind == msgFailed:
			return &Failed{Code: m.code, Message: m.text}
		case err == nil:
			return errors.New("it said twice that it was ready, and was killed")
		case !errors.Is(err, ErrTimeout):
			return err
		}
	}
	p.stderr.close() // the rest is read by the successor

	p.mu.Lock()
	p.counts = !p.reaped
	reaped := p.reaped
	p.mu.Unlock()
	if reaped {
		<-p.done
		return p.ended("as soon as it was ready")
	}
	p.tell([]byte{msgCounts})
	return nil
}

// tell writes to the process. An error is left out: it means that the process has ended, which next tells better.
func (p *Successor) tell(b []byte) { _, _ = p.channel.Write(b) }

// next returns the next message of the process, or a Failed: why none has come.
func (p *Successor) next(ctx context.Context, timeout <-chan time.Time, when string) (message, error) {
	canceled := func() error {
		return &Failed{Message: fmt.Sprintf("it was killed %s: %v", when, context.Cause(ctx)), Err: ctx.Err()}
	}
	select {
	case m, ok := <-p.messages:
		if ok {
			return m, nil
		}
	case <-ctx.Done():
		return message{}, canceled()
	case <-timeout:
		return message{}, ErrTimeout
	}
	if p.broken != nil {
		return message{}, fmt.Errorf("it was killed, because it spoke another protocol: %w", p.broken)
	}
	// Its descriptors are closed, usually because it is ending: soon there is more to tell.
	select {
	case <-p.done:
		return message{}, p.ended(when)
	case <-ctx.Done():
		return message{}, canceled()
	case <-time.After(lastWords):
		return message{}, errors.New("it was killed, because it had closed the descriptors that it was given: it is no daemon of this kind")
	}
}
