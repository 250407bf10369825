package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// stackPatience is how long a worker may take to show its stacks. A healthy one
// takes milliseconds.
const stackPatience = 2 * time.Second

// question is one Stacks frame, and all callers that wait for its answer. A
// worker is asked again only when it has answered: so one that does not answer
// cannot make questions pile up, and an unrequested answer is noticed.
type question struct {
	answered chan struct{} // closed when text is there
	text     string
}

// Stack returns the stacks of the goroutines of the worker with the given pid,
// at most 256 KiB of them: first of those that run functions. The worker goes
// on undisturbed. Where workers are goroutines of this process, it returns the
// stacks of the whole process.
//
// It waits for the worker until ctx ends, and at most two seconds. Nothing else
// in the pool delays it: neither queued calls, nor a pause, nor slow answers.
func (p *Pool) Stack(ctx context.Context, pid int) (string, error) {
	m, err := p.of(pid).answering(pid)
	if err != nil {
		return "", err
	}
	ctx, done := context.WithTimeout(ctx, stackPatience)
	defer done()
	began := time.Now()
	q := m.ask()
	select {
	case <-q.answered:
		return q.text, nil
	case <-m.proc.Done():
		return "", fmt.Errorf("worker %d of pool %s has ended before it could show its stacks: the report of its death says how", pid, p.core.cfg.Name)
	case <-ctx.Done():
		return "", fmt.Errorf("worker %d of pool %s has not shown its stacks after %v: %w; it may be stopped (`kill -CONT %[1]d` lets it go on), "+
			"or stuck in the kernel; `worker kill %[1]d` ends it", pid, p.core.cfg.Name, time.Since(began).Round(time.Millisecond), context.Cause(ctx))
	}
}

// answering returns the worker with the given pid, if it can be expected to
// answer.
func (p *Pool) answering(pid int) (*member, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.core
	w := k.find(pid)
	if w == nil {
		return nil, k.noWorker(pid)
	}
	for _, o := range k.workers { // workers that are goroutines have the same pid
		if w.state == workerStarting && o.pid == pid && o.state == workerReady {
			w = o
		}
	}
	why := ""
	switch w.state {
	case workerReady, workerLeaving:
		return w.member, nil
	case workerStarting:
		why = "is still starting and cannot show its stacks yet: ask again when it is ready"
		if k.cfg.BootTimeout > 0 {
			why += fmt.Sprintf("; if it takes longer than %v, it is ended and the report of its death has them", k.cfg.BootTimeout)
		}
	case workerDying:
		why = "is being ended (" + string(w.killedBy) + "): the report of its death will have its stacks"
	case workerKilled:
		why = "is being killed (" + string(w.killedBy) + ") and cannot show its stacks any more"
	case workerStuck:
		why = "was killed (" + string(w.killedBy) + ") and is stuck in the kernel: it cannot show its stacks"
	}
	return nil, fmt.Errorf("worker %d of pool %s %s", pid, k.cfg.Name, why)
}

// ask sends the worker a request for its stacks, unless one is under way.
func (m *member) ask() *question {
	m.mu.Lock()
	q := m.asked
	if q != nil {
		m.mu.Unlock()
		return q
	}
	q = &question{answered: make(chan struct{})}
	m.asked = q
	m.mu.Unlock()
	m.control(wire.Header{Kind: wire.Stacks}, nil)
	return q
}

// stacks handles a worker's answer.
func (m *member) stacks(f link.Frame) error {
	text, err := wire.DecodeStack(own(f))
	if err != nil {
		return err
	}
	m.mu.Lock()
	q := m.asked
	m.asked = nil
	m.mu.Unlock()
	if q == nil {
		return errors.New("stacks without a request")
	}
	q.text = text
	close(q.answered)
	return nil
}
