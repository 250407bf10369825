package pool

import (
	"time"
)

// supervise is the pool's own goroutine: it does what becomes due. It ends with
// the pool.
func (p *Pool) supervise() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var look time.Duration // when to measure the memory of the workers next
	for {
		var fx effects
		p.mu.Lock()
		now := p.now()
		p.core.tick(&fx, now)
		at := p.core.next(now)
		if every := p.lookEvery(); every > 0 {
			if look == 0 || look > now+every {
				look = now + every
			}
			if at == 0 || look < at {
				at = look
			}
		} else {
			look = 0
		}
		p.core.armed = at
		over := p.core.state == StateStopped
		p.prepare(&fx)
		p.mu.Unlock()
		p.apply(&fx)
		if over {
			p.members.Wait()
			close(p.stopped)
			return
		}
		if look != 0 && look <= now {
			p.lookAtMemory()
			look = 0
			continue
		}
		if at == 0 {
			<-p.poke
			continue
		}
		timer.Reset(at - now)
		select {
		case <-timer.C:
		case <-p.poke:
		}
	}
}

// lookEvery is the interval for measuring the memory of the workers: short
// while calls run, never while nothing happens or no limit is set.
func (p *Pool) lookEvery() time.Duration {
	k := p.core
	if k.cfg.MemoryLimit == 0 && k.cfg.MaxMemory == 0 {
		return 0
	}
	for _, w := range k.workers {
		if w.load > 0 {
			return 50 * time.Millisecond
		}
	}
	if len(k.workers) > 0 {
		return 2 * time.Second
	}
	return 0
}

// lookAtMemory reads the memory of every worker, without the lock.
func (p *Pool) lookAtMemory() {
	sizes := p.measure()
	p.step(func(k *core, fx *effects, now time.Duration) {
		for _, s := range sizes {
			k.share(s.w, s.cpu, now)
			if s.memory > 0 { // else the process is gone
				k.measuredMemory(fx, s.w, s.memory, now)
			}
		}
	})
}

// running returns the members that have a process.
func (p *Pool) running() (all []*member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.core.workers {
		if w.pid != 0 && w.member.proc != nil {
			all = append(all, w.member)
		}
	}
	return all
}
