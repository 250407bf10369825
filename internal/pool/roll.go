package pool

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// rollTries is how many replacements in a row may die before they are ready
// until a roll gives up: then the program or its configuration is broken, and
// the old workers are better than none.
const rollTries = 3

// rolled is why a worker is replaced by a roll.
const rolled = "recycle"

// recycle replaces every worker, one after the other. One that is starting is
// replaced too: what it reads may be older than this request.
func (k *core) recycle(fx *effects, now time.Duration) {
	k.readmitAll(fx, readmitRenewed)
	if k.cfg.Fresh {
		k.renewSpares(fx, now)
		return
	}
	k.unready = 0
	for _, w := range k.workers {
		if takes(w) && w.retiring == "" {
			w.retiring, w.reason = rolled, forReload
		}
	}
	if k.state == StateFailed {
		k.keep(fx, now, "the pool has failed: "+k.reason)
	}
	k.replace(fx, now)
}

// takes reports whether w takes calls, or will.
func takes(w *worker) bool { return w.state == workerReady || w.state == workerStarting }

// replacementDied handles the death of a replacement that was not ready.
func (k *core) replacementDied(fx *effects, d *Death, now time.Duration) {
	if k.unready++; k.unready >= rollTries {
		k.keep(fx, now, fmt.Sprintf("%d replacements in a row died before they were ready; the last one %v", k.unready, d))
	}
}

// keep ends a roll: the workers that it has not replaced stay, except those due
// for replacement for another reason.
func (k *core) keep(fx *effects, now time.Duration, why string) {
	for _, w := range k.workers {
		if w.retiring == rolled {
			w.retiring, fx.news.kept, fx.poke = "", why, true // its own time may come next
			k.follow(fx, (*core).recycling, w, now)
		}
	}
}

// Recycle replaces every worker, one after the other.
func (p *Pool) Recycle() { p.step((*core).recycle) }

// Roll is Recycle, and waits until none of the old workers takes calls any
// more. If the replacements do not become ready, the workers not yet replaced
// stay, and the error says why.
func (p *Pool) Roll(ctx context.Context) error {
	r := &roll{old: map[*worker]bool{}, over: make(chan error, 1)}
	p.step(func(k *core, fx *effects, now time.Duration) {
		k.recycle(fx, now)
		for _, w := range k.workers {
			if takes(w) && w.retiring == rolled {
				r.old[w] = true
			}
		}
		p.rolls = append(p.rolls, r)
	})
	return p.await(ctx, r)
}

// await waits for the end of r.
func (p *Pool) await(ctx context.Context, r *roll) error {
	select {
	case err := <-r.over:
		return err
	case <-p.stopped:
		if r.gone {
			return nil
		}
		return errors.New("the pool was stopped")
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rolls = slices.DeleteFunc(p.rolls, func(o *roll) bool { return o == r })
	return context.Cause(ctx)
}

// roll is a Roll, an End or a Halt under way.
type roll struct {
	old  map[*worker]bool
	gone bool       // wait for the end of the processes; otherwise only until they take no calls
	over chan error // gets its end
}

// holds reports whether w, which still exists, keeps r from its end. A stuck
// process does not: it may never end.
func (r *roll) holds(w *worker) bool {
	if r.gone {
		return r.old[w] && w.state != workerStuck
	}
	return r.old[w] && takes(w)
}

// finishRolls ends the rolls whose workers have left, and all Rolls if the
// workers are kept.
func (p *Pool) finishRolls(kept string) {
	p.rolls = slices.DeleteFunc(p.rolls, func(r *roll) bool {
		for _, w := range p.core.workers {
			if !r.holds(w) {
				continue
			}
			if kept == "" || r.gone {
				return false
			}
			r.over <- errors.New("the old workers stay: " + kept)
			return true
		}
		r.over <- nil
		return true
	})
}
