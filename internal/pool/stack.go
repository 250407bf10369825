package pool

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// stackPatience is how long a worker may take to show its stacks. One that can
// takes milliseconds.
const stackPatience = 2 * time.Second

// question is one Stacks frame, and everybody who waits for its answer. A
// worker is asked again only when it has answered: so one that does not answer
// cannot make questions pile up, and one that answers unasked is found out.
type question struct {
	answered chan struct{} // closed when text is there
	text     string
}

// Stack returns the stacks of the goroutines of the worker with the given pid,
// at most 256 KiB of them: first of those that run functions. The worker goes
// on undisturbed, whatever it is doing. Where workers are goroutines of this
// process, it returns those of the whole process.
//
// It waits for the worker until ctx ends, and at most two seconds. It does not
// matter to it what else is waited for in the pool: calls in the queue, a
// pause, answers that are long in coming.
func (p *Pool) Stack(ctx context.Context, pid int) (string, error) {
	m, err := p.answering(pid)
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
	for _, o := range k.workers { // several have the same where they are goroutines
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
		why = "is being killed (" + string(w.killedBy) + ") and shows nothing any more"
	case workerStuck:
		why = "was killed (" + string(w.killedBy) + ") and is stuck in the kernel: nothing can be asked of it"
	}
	return nil, fmt.Errorf("worker %d of pool %s %s", pid, k.cfg.Name, why)
}

// ask asks the worker for its stacks, unless it is being asked already.
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

// stacks takes a worker's answer.
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
		return errors.New("stacks that nobody has asked for")
	}
	q.text = text
	close(q.answered)
	return nil
}
