package pool

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// Kill ends the worker with the given pid at once.
func (p *Pool) Kill(pid int) error {
	return p.with(pid, func(k *core, fx *effects, w *worker, now time.Duration) { k.kill(fx, w, CauseKill, false, now) })
}

// with runs one step for the worker with the given pid, which may be that of a
// replay.
func (p *Pool) with(pid int, f func(k *core, fx *effects, w *worker, now time.Duration)) error {
	var err error
	p.of(pid).step(func(k *core, fx *effects, now time.Duration) {
		if w := k.find(pid); w != nil {
			f(k, fx, w, now)
		} else {
			err = k.noWorker(pid)
		}
	})
	return err
}

// noWorker says that no worker has the given pid, and lists the pids.
func (k *core) noWorker(pid int) error {
	var pids []string
	for _, w := range k.workers {
		if w.pid != 0 {
			pids = append(pids, strconv.Itoa(w.pid))
		}
	}
	there := "it has none at the moment"
	if len(pids) > 0 {
		there = "it has " + strings.Join(slices.Compact(pids), ", ")
	}
	return fmt.Errorf("pool %s has no worker with pid %d: %s", k.cfg.Name, pid, there)
}

// Pause lets calls wait in the queue until Resume.
func (p *Pool) Pause() { p.step((*core).pause) }

// PauseWorker keeps one worker from getting calls, and holds its loop, or ends
// that pause.
func (p *Pool) PauseWorker(pid int, on bool) error {
	return p.with(pid, func(k *core, fx *effects, w *worker, now time.Duration) { k.pauseWorker(fx, w, on, now) })
}

// Resume ends a pause, and tries a failed pool again.
func (p *Pool) Resume() { p.step((*core).resume) }

// Scale sets how many workers are kept and allowed.
func (p *Pool) Scale(lo, hi int) {
	p.step(func(k *core, fx *effects, now time.Duration) { k.scale(fx, lo, hi, now) })
}

// Stop ends the pool within about the given time and returns when all of it has
// ended. It may be called by several goroutines, and before Start.
func (p *Pool) Stop(within time.Duration) {
	p.mu.Lock()
	if !p.started { // then no supervisor runs, or ever will
		p.started = true
		p.core.state = StateStopped
		close(p.stopped)
	}
	p.mu.Unlock()
	p.step(func(k *core, fx *effects, now time.Duration) { k.stop(fx, saturate.Add(now, within), now) })
	<-p.stopped
}

// StopAll ends pools at the same time, by a deadline. When hurry is closed, it
// does not wait for calls.
func StopAll(pools []*Pool, deadline time.Time, hurry <-chan struct{}) {
	over := make(chan struct{})
	var all, hurried sync.WaitGroup
	for _, p := range pools {
		all.Go(func() { p.Stop(time.Until(deadline)) })
		hurried.Go(func() {
			select {
			case <-hurry:
				p.Stop(0)
			case <-over:
			}
		})
	}
	all.Wait()
	close(over)
	hurried.Wait()
}

// Summary returns the figures of the pool as a whole. It makes no system calls.
func (p *Pool) Summary() Summary {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.summary(p.now())
}
