package legion

import (
	"context"
	"fmt"
	"syscall"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/payload"
	"github.com/legion-go/legion/status"
)

// Supervisor controls one pool at run time. Its methods may be used from any
// goroutine; before the daemon's Start and after its Stop they return an error
// that matches ErrStopped, or do nothing.
type Supervisor struct{ p *declaredPool }

// Name returns the name of the pool.
func (s *Supervisor) Name() string { return s.p.name }

// Kill ends the worker with the given pid at once. The call that it runs ends
// with ErrCrashed; a new worker takes its place.
func (s *Supervisor) Kill(pid int) error {
	return s.try(func(p *pool.Pool) error { return p.Kill(pid) })
}

// KillAll ends every worker at once. Running calls end with ErrCrashed; waiting
// calls go to the new workers.
func (s *Supervisor) KillAll() error { return s.do((*pool.Pool).KillAll) }

// End lets the worker with the given pid finish its running calls and end. It
// returns when the process has ended, or is given up because SIGKILL does not
// end it. The worker gets no more calls; a new worker replaces it if the pool
// needs one. If ctx ends first, End returns its error, and the worker ends
// later: Kill does not wait.
func (s *Supervisor) End(ctx context.Context, pid int) error {
	return s.try(func(p *pool.Pool) error {
		if err := p.End(ctx, pid); err != nil {
			return fmt.Errorf("ending a worker of pool %s: %w", s.p.name, err)
		}
		return nil
	})
}

// Signal sends a signal to the process of the worker with the given pid.
// SIGKILL is Kill. The effect of other signals depends on the worker's code:
// without a handler (package os/signal) a worker ignores SIGTERM, SIGINT,
// SIGHUP, SIGQUIT, and the signals that Go ignores, such as SIGUSR1. The death
// of a worker by a signal counts as unexpected.
func (s *Supervisor) Signal(pid int, sig syscall.Signal) error {
	return s.try(func(p *pool.Pool) error { return p.Signal(pid, sig) })
}

// Recycle replaces every worker, one after the other, each when its replacement
// is ready. It returns at once. For a failed pool it returns ErrPoolFailed, and
// for a stopped one an error: they have no workers to replace.
func (s *Supervisor) Recycle() error { return s.unlessFailed("recycling", (*pool.Pool).Recycle) }

// Pause keeps calls waiting, and holds the workers' own loops, until Resume.
// Running calls continue. For a failed pool, whose calls do not wait, it
// returns ErrPoolFailed, and for a stopped pool, whose calls wait already, an
// error.
func (s *Supervisor) Pause() error { return s.unlessFailed("pausing", (*pool.Pool).Pause) }

// PauseWorker keeps the worker with the given pid from getting calls, and holds
// its own loop if it has one, until ResumeWorker.
func (s *Supervisor) PauseWorker(pid int) error { return s.pauseWorker(pid, true) }

// ResumeWorker ends PauseWorker.
func (s *Supervisor) ResumeWorker(pid int) error { return s.pauseWorker(pid, false) }

func (s *Supervisor) pauseWorker(pid int, on bool) error {
	return s.try(func(p *pool.Pool) error { return p.PauseWorker(pid, on) })
}

// Stop lets every worker finish its running calls and end. It returns when the
// processes have ended, or are given up because SIGKILL does not end them.
// Until Resume, no worker starts, and calls wait. If ctx ends first, Stop
// returns its error, and the workers end later: KillAll does not wait.
func (s *Supervisor) Stop(ctx context.Context) error {
	return s.try(func(p *pool.Pool) error {
		if err := p.Halt(ctx); err != nil {
			return fmt.Errorf("stopping pool %s: %w", s.p.name, err)
		}
		return nil
	})
}

// Resume ends a pause, starts the workers of a stopped pool, and lets a failed
// pool try again.
func (s *Supervisor) Resume() error { return s.unlessFailed("resuming", (*pool.Pool).Resume) }

// Readmit ends the quarantine of the named functions, or of all functions of
// the pool if none is named; see Pool.CrashBudget. Workers that died of their
// calls before do not count any more.
func (s *Supervisor) Readmit(funcs ...string) error {
	return s.try(func(p *pool.Pool) error { return p.Readmit(funcs...) })
}

// Scale changes Pool.Min and Pool.Max. Workers beyond max finish their calls
// and end. Configure changes other limits.
func (s *Supervisor) Scale(min, max int) error {
	if min < 0 || max < 1 || min > max || max > maxWorkers {
		return fmt.Errorf("legion: scaling pool %s to %d..%d workers: it must be 0 <= min <= max and 1 <= max <= %d", s.p.name, min, max, maxWorkers)
	}
	return s.unlessEnding("scaling", func(p *pool.Pool) { p.Scale(min, max) })
}

// unlessFailed calls f, and returns an error if the pool has failed, is stopped
// or is ending.
func (s *Supervisor) unlessFailed(what string, f func(*pool.Pool)) error {
	if err := s.unlessEnding(what, f); err != nil {
		return err
	}
	switch now := s.p.summary(); now.State {
	case pool.StateFailed:
		return fmt.Errorf("legion: %s pool %s: %w: %s; resume it to let it try again", what, s.p.name, ErrPoolFailed, now.Reason)
	case pool.StateStopping, pool.StateStopped:
		return fmt.Errorf("legion: %s pool %s: it is stopped; resume it to start new workers", what, s.p.name)
	}
	return nil
}

// unlessEnding calls f, and returns an error if the pool is ending.
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

// try is do for functions that can fail.
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

// NewBuffer returns a Buffer of n bytes for one call of a function of this
// pool; see [payload.Buffer]. Its contents are unspecified. It has at most
// Pool.MaxPayload bytes, less 16, and so has all of an argument or result,
// counting 16 bytes for each Buffer in it.
func (s *Supervisor) NewBuffer(n int) (*payload.Buffer, error) {
	if limit := s.p.opts.MaxPayload - int64(buffer.Overhead(1)); n <= 0 || int64(n) > limit {
		return nil, fmt.Errorf("legion: a Buffer of %d bytes for pool %s: it must have 1 to %d bytes; for a larger one raise Pool.MaxPayload", n, s.p.name, limit)
	}
	p, err := s.p.pool()
	if err != nil {
		return nil, err
	}
	return (*payload.Buffer)(p.NewBuffer(n)), nil
}

// Stats returns the statistics of the pool.
func (s *Supervisor) Stats() status.PoolStats { return s.p.stats() }

// Stack returns the stacks of all goroutines of the worker with the given pid,
// which continues to run. A stopped or starting worker does not answer: then
// Stack returns an error when ctx ends, or after two seconds.
func (s *Supervisor) Stack(ctx context.Context, pid int) (string, error) {
	var stack string
	err := s.try(func(p *pool.Pool) (err error) {
		stack, err = p.Stack(ctx, pid)
		return err
	})
	return stack, err
}
