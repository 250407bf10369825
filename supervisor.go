package legion

import (
	"context"
	"fmt"

	"github.com/legion-go/legion/internal/pool"
)

// Supervisor steers one pool at run time. Its methods may be used from any
// goroutine; before the daemon's Start and after its Stop they return an error
// that matches ErrStopped, or do nothing.
type Supervisor struct{ p *declaration }

// Name returns the name of the pool.
func (s *Supervisor) Name() string { return s.p.name }

// Kill ends the worker with the given pid at once. The call that it runs ends
// with ErrCrashed; a new worker takes its place.
func (s *Supervisor) Kill(pid int) error {
	p, err := s.p.pool()
	if err != nil {
		return err
	}
	if err := p.Kill(pid); err != nil {
		return fmt.Errorf("legion: %w", err)
	}
	return nil
}

// Recycle has every worker replaced, one after the other, each when its
// replacement is ready. It returns at once.
func (s *Supervisor) Recycle() error { return s.do((*pool.Pool).Recycle) }

// Pause keeps calls waiting, and holds the own loops of workers, until Resume.
// Calls that run are not touched.
func (s *Supervisor) Pause() error { return s.do((*pool.Pool).Pause) }

// PauseWorker keeps the worker with the given pid from getting calls, and holds
// its own loop if it has one, until ResumeWorker.
func (s *Supervisor) PauseWorker(pid int) error { return s.pauseWorker(pid, true) }

// ResumeWorker ends PauseWorker.
func (s *Supervisor) ResumeWorker(pid int) error { return s.pauseWorker(pid, false) }

func (s *Supervisor) pauseWorker(pid int, on bool) error {
	p, err := s.p.pool()
	if err != nil {
		return err
	}
	if err := p.PauseWorker(pid, on); err != nil {
		return fmt.Errorf("legion: %w", err)
	}
	return nil
}

// Resume ends a pause, and lets a failed pool try again.
func (s *Supervisor) Resume() error { return s.do((*pool.Pool).Resume) }

// Scale changes Pool.Min and Pool.Max. Workers beyond max finish their calls and
// leave.
func (s *Supervisor) Scale(min, max int) error {
	if min < 0 || max < 1 || min > max || max > maxWorkers {
		return fmt.Errorf("legion: scaling pool %s to %d..%d workers: it must be 0 <= min <= max and 1 <= max <= %d", s.p.name, min, max, maxWorkers)
	}
	return s.do(func(p *pool.Pool) { p.Scale(min, max) })
}

func (s *Supervisor) do(f func(*pool.Pool)) error {
	p, err := s.p.pool()
	if err == nil {
		f(p)
	}
	return err
}

// Stats returns the figures of the pool.
func (s *Supervisor) Stats() PoolStats { return s.p.stats() }

// Stack returns the stacks of all goroutines of the worker with the given pid,
// which goes on. A worker that is stopped, or that is starting, does not answer:
// then the end of ctx, or of two seconds, is an error.
func (s *Supervisor) Stack(ctx context.Context, pid int) (string, error) {
	p, err := s.p.pool()
	if err != nil {
		return "", err
	}
	stack, err := p.Stack(ctx, pid)
	if err != nil {
		return "", fmt.Errorf("legion: %w", err)
	}
	return stack, nil
}
