package legion

import (
	"context"
	"fmt"
	"syscall"

	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
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
	return s.try(func(p *pool.Pool) error { return p.Kill(pid) })
}

// KillAll ends every worker at once. Calls that run end with ErrCrashed; those
// that wait go to the new workers.
func (s *Supervisor) KillAll() error { return s.do((*pool.Pool).KillAll) }

// End lets the worker with the given pid finish the calls that it runs and
// leave, and returns when its process has ended, or is given up because SIGKILL
// does not end it. It gets no more calls; a new worker takes its place if the
// pool keeps so many. When ctx ends first, End returns its error, and the
// worker leaves later: Kill does not wait.
func (s *Supervisor) End(ctx context.Context, pid int) error {
	return s.try(func(p *pool.Pool) error {
		if err := p.End(ctx, pid); err != nil {
			return fmt.Errorf("ending a worker of pool %s: %w", s.p.name, err)
		}
		return nil
	})
}

// Signal sends a signal to the process of the worker with the given pid.
// SIGKILL is Kill. What other signals do is up to the worker's code: without a
// handler for it, package os/signal, a worker takes no notice of SIGTERM,
// SIGINT, SIGHUP, SIGQUIT, and of those that Go ignores, SIGUSR1 for instance.
// The death of a worker by a signal counts as unexpected.
func (s *Supervisor) Signal(pid int, sig syscall.Signal) error {
	return s.try(func(p *pool.Pool) error { return p.Signal(pid, sig) })
}

// Recycle has every worker replaced, one after the other, each when its
// replacement is ready. It returns at once. A pool that has failed has none to
// replace: ErrPoolFailed. Nor has one that was stopped, which is an error too.
func (s *Supervisor) Recycle() error { return s.unlessFailed("recycling", (*pool.Pool).Recycle) }

// Pause keeps calls waiting, and holds the own loops of workers, until Resume.
// Calls that run are not touched. Calls of a pool that has failed do not wait:
// ErrPoolFailed. Those of a stopped pool wait already: that is an error too.
func (s *Supervisor) Pause() error { return s.unlessFailed("pausing", (*pool.Pool).Pause) }

// PauseWorker keeps the worker with the given pid from getting calls, and holds
// its own loop if it has one, until ResumeWorker.
func (s *Supervisor) PauseWorker(pid int) error { return s.pauseWorker(pid, true) }

// ResumeWorker ends PauseWorker.
func (s *Supervisor) ResumeWorker(pid int) error { return s.pauseWorker(pid, false) }

func (s *Supervisor) pauseWorker(pid int, on bool) error {
	return s.try(func(p *pool.Pool) error { return p.PauseWorker(pid, on) })
}

// Stop lets every worker finish the calls that it runs and leave, and returns
// when their processes have ended, or are given up because SIGKILL does not end
// them. None is started, and calls wait, until Resume. When ctx ends first,
// Stop returns its error, and the workers leave later: KillAll does not wait.
func (s *Supervisor) Stop(ctx context.Context) error {
	return s.try(func(p *pool.Pool) error {
		if err := p.Halt(ctx); err != nil {
			return fmt.Errorf("stopping pool %s: %w", s.p.name, err)
		}
		return nil
	})
}

// Resume ends a pause, starts the workers of a pool that was stopped, and lets
// a failed pool try again.
func (s *Supervisor) Resume() error { return s.unlessFailed("resuming", (*pool.Pool).Resume) }

// Scale changes Pool.Min and Pool.Max. Workers beyond max finish their calls
// and leave. Configure changes other limits.
func (s *Supervisor) Scale(min, max int) error {
	if min < 0 || max < 1 || min > max || max > maxWorkers {
		return fmt.Errorf("legion: scaling pool %s to %d..%d workers: it must be 0 <= min <= max and 1 <= max <= %d", s.p.name, min, max, maxWorkers)
	}
	return s.unlessEnding("scaling", func(p *pool.Pool) { p.Scale(min, max) })
}

// unlessFailed does something that a pool which has failed, ends or is stopped
// does not do.
func (s *Supervisor) unlessFailed(what string, f func(*pool.Pool)) error {
	if err := s.unlessEnding(what, f); err != nil {
		return err
	}
	switch now := s.p.summary(); now.State {
	case pool.StateFailed:
		return fmt.Errorf("legion: %s pool %s: %w: %s; resume it, then it tries again", what, s.p.name, ErrPoolFailed, now.Reason)
	case pool.StateStopping, pool.StateStopped:
		return fmt.Errorf("legion: %s pool %s: it is stopped; resume it, then its workers are new", what, s.p.name)
	}
	return nil
}

// unlessEnding does something that a pool which ends does not do.
func (s *Supervisor) unlessEnding(what string, f func(*pool.Pool)) error {
	p, err := s.p.pool()
	if err != nil {
		return err
	}
	f(p)
	now, of := p.Summary().State, s.p.d.life.State()
	if (now == pool.StateStopping || now == pool.StateStopped) && of >= life.Stopping {
		return fmt.Errorf("legion: %s pool %s: %w", what, s.p.name, life.NotRunning("the pool is stopping"))
	}
	return nil
}

func (s *Supervisor) do(f func(*pool.Pool)) error {
	p, err := s.p.pool()
	if err == nil {
		f(p)
	}
	return err
}

// try is do for what can fail.
func (s *Supervisor) try(f func(*pool.Pool) error) error {
	p, err := s.p.pool()
	if err != nil {
		return err
	}
	if err := f(p); err != nil {
		return fmt.Errorf("legion: %w", err)
	}
	return nil
}

// Stats returns the figures of the pool.
func (s *Supervisor) Stats() status.PoolStats { return s.p.stats() }

// Stack returns the stacks of all goroutines of the worker with the given pid,
// which goes on. A worker that is stopped, or that is starting, does not
// answer: then the end of ctx, or of two seconds, is an error.
func (s *Supervisor) Stack(ctx context.Context, pid int) (string, error) {
	var stack string
	err := s.try(func(p *pool.Pool) (err error) {
		stack, err = p.Stack(ctx, pid)
		return err
	})
	return stack, err
}
