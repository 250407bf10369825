package pool

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// endWorker lets w finish its started calls, and leave. Another takes its place
// if one is missing then.
func (k *core) endWorker(fx *effects, w *worker, now time.Duration) {
	k.leave(fx, w, forRequest, now)
	k.plan(fx, now)
	fx.poke = true
}

// halt lets every worker finish its started calls, and leave. No worker is
// started, and calls wait, until resume.
func (k *core) halt(fx *effects, now time.Duration) {
	if k.state >= StateStopping {
		return
	}
	k.state, k.halted, k.reason, k.failedStuck = StatePaused, true, "", false
	for _, w := range k.workers {
		k.leave(fx, w, forRequest, now)
	}
	fx.poke = true
}

// End lets the worker with the given pid finish its started calls, and leave.
// It returns when the process has ended; if ctx ends first, with an error, and
// the worker leaves later.
func (p *Pool) End(ctx context.Context, pid int) error {
	p = p.of(pid)
	r := &roll{gone: true, old: map[*worker]bool{}, over: make(chan error, 1)}
	var err error
	p.step(func(k *core, fx *effects, now time.Duration) {
		w := k.find(pid)
		if w == nil {
			err = k.noWorker(pid)
			return
		}
		k.endWorker(fx, w, now)
		r.old[w] = true
		p.rolls = append(p.rolls, r)
	})
	if err != nil {
		return err
	}
	return p.await(ctx, r)
}

// Halt lets every worker finish its started calls, and leave. No worker is
// started, and calls wait, until Resume. It returns as End does.
func (p *Pool) Halt(ctx context.Context) error {
	r := &roll{gone: true, old: map[*worker]bool{}, over: make(chan error, 1)}
	p.step(func(k *core, fx *effects, now time.Duration) {
		k.halt(fx, now)
		for _, w := range k.workers {
			r.old[w] = true
		}
		p.rolls = append(p.rolls, r)
	})
	return p.await(ctx, r)
}

// KillAll ends every worker at once.
func (p *Pool) KillAll() {
	p.step(func(k *core, fx *effects, now time.Duration) {
		for _, w := range append([]*worker(nil), k.workers...) { // a copy, without their replacements
			k.kill(fx, w, CauseKill, false, now)
		}
	})
}

// Signal sends a signal to the worker with the given pid. The worker decides
// what to do about it; SIGKILL is Kill.
func (p *Pool) Signal(pid int, sig syscall.Signal) error {
	if sig == syscall.SIGKILL {
		return p.Kill(pid)
	}
	var m *member
	if err := p.with(pid, func(_ *core, _ *effects, w *worker, _ time.Duration) { m = w.member }); err != nil {
		return err
	}
	process, ok := m.proc.(interface{ Signal(syscall.Signal) error })
	if !ok {
		return fmt.Errorf("worker %d is not a process of its own: %w", pid, errors.ErrUnsupported)
	}
	return process.Signal(sig)
}
