package takeover

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// errTried ends a trial.
var errTried = errors.New("it would start")

// handOver is the predecessor's side of the diagram in the package's
// documentation. An error means that the process does not count, and may still
// run.
func (p *Successor) handOver(ctx context.Context, r record, timeout <-chan time.Time, s Spec, told *os.File) error {
	go p.tell(r.encode()) // a process that does not read may block it; the goroutine ends with the process

	m, err := p.next(ctx, timeout, "before it was ready")
	switch {
	case errors.Is(err, ErrTimeout):
		return &Failed{Message: "it was not ready in time, and was killed", Err: ErrTimeout}
	case err != nil:
		return err
	case m.kind == msgFailed:
		return &Failed{Code: m.code, Message: m.text}
	}
	rest(told, func(b []byte) { p.told += string(b[:min(len(b), MaxTold-len(p.told))]) })
	if s.Kind == Trial {
		return errTried
	}
	p.tell([]byte{msgAccepted})

	if s.Settle > 0 {
		timer := time.NewTimer(s.Settle)
		defer timer.Stop()
		m, err := p.next(ctx, timer.C, fmt.Sprintf("after it was ready, but within %v", s.Settle))
		if err != nil && ctx.Err() != nil && s.Leave > 0 {
			p.leave(s.Leave)
		}
		switch {
		case err == nil && m.kind == msgFailed:
			return &Failed{Code: m.code, Message: m.text}
		case err == nil:
			return errors.New("it reported twice that it was ready, and was killed")
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

// leave lets a process that already serves finish its work, and end.
func (p *Successor) leave(within time.Duration) {
	p.stderr.close()
	p.tell([]byte{msgCounts}) // it waits for this message before it stops
	p.mu.Lock()
	if !p.reaped {
		_ = syscall.Kill(p.pid, syscall.SIGTERM)
	}
	p.mu.Unlock()
	select {
	case <-p.done:
	case <-time.After(within):
	}
}

// tell writes to the process. It ignores an error: it means that the process
// has ended, which next reports better.
func (p *Successor) tell(b []byte) { _, _ = p.channel.Write(b) }

// next returns the next message of the process, or a Failed that says why no
// message came.
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
	// Its descriptors are closed, usually because it is ending: wait a moment to
	// learn how.
	select {
	case <-p.done:
		return message{}, p.ended(when)
	case <-ctx.Done():
		return message{}, canceled()
	case <-time.After(lastWords):
		return message{}, errors.New("it was killed, because it had closed the descriptors that it was given: it is not a daemon of this kind")
	}
}
