package pool

import (
	"strings"
	"testing"
)

// A roll whose replacements do not become ready ends, and the old worker stays;
// the next one finds it as if nothing had been.
func TestRollGivesUp(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 1})
	first := b.booting()
	b.ready(first)
	for range 2 {
		var fx effects
		b.recycle(&fx, b.now)
		for n := range rollTries {
			w := b.booting()
			if w == nil || first.retiring == "" {
				t.Fatalf("after %d deaths: next worker %v", n, w)
			}
			fx = effects{}
			b.exited(&fx, w, &Death{Exit: exited.Exit}, b.now)
		}
		if first.state != workerReady || first.retiring != "" || !strings.Contains(fx.news.kept, "pid 1 exited with code 1") {
			t.Fatalf("the old worker is %v, to be replaced because of %q; it stays because of %q", first.state, first.retiring, fx.news.kept)
		}
		if w := b.booting(); w != nil {
			t.Fatal("after giving up it starts another")
		}
	}
	var fx effects
	b.recycle(&fx, b.now)
	next := b.booting()
	b.ready(next)
	if first.state != workerLeaving || next.retiring != "" {
		t.Errorf("with a replacement that serves the old worker is %v, the new one to be replaced because of %q", first.state, next.retiring)
	}
}

// A worker that was starting when a roll began may have read what was before:
// it is replaced too.
func TestRollReplacesStartingWorkers(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 1})
	first := b.booting()
	var fx effects
	b.recycle(&fx, b.now)
	b.ready(first)
	next := b.booting()
	if next == nil || next.replaces != first {
		t.Fatalf("the worker that was starting is not replaced: %v", next)
	}
}

// A roll that finds no place waits for one; only what is stuck ends it.
func TestRollOfAFullPool(t *testing.T) {
	l := newLab(t, Config{Max: 1, Once: true})
	l.step(func(fx *effects) { l.recycle(fx, l.now) })
	if w := l.workers[0]; w.state != workerReady || w.retiring != rolled || l.last.news.kept != "" {
		t.Errorf("the worker is %v, to be replaced because of %q; it stays because of %q", w.state, w.retiring, l.last.news.kept)
	}
}

// Nothing can be replaced in a failed pool: a roll of one ends.
func TestRollOfAFailedPool(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 2})
	b.ready(b.booting())
	var fx effects
	b.fail(&fx, "for a test", b.now)
	fx = effects{}
	b.recycle(&fx, b.now)
	if !strings.Contains(fx.news.kept, "for a test") {
		t.Errorf("the workers stay because of %q", fx.news.kept)
	}
}

// jamWith has w killed, and lets it be stuck.
func (b *booter) jamWith(w *worker) (told news) {
	var fx effects
	b.kill(&fx, w, "kill", false, b.now)
	b.now += killBound
	fx = effects{}
	b.tick(&fx, b.now)
	return fx.news
}

// Processes that SIGKILL does not end take the places of others. When they have
// taken all, the pool says so, and goes on when one has gone.
func TestStuckProcesses(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 1})
	first := b.booting()
	b.ready(first)
	if told := b.jamWith(first); first.state != workerStuck || told.failed != "" || b.state != StateRunning || len(told.stuck) != 1 || told.stuck[0].PID != first.pid {
		t.Fatalf("the worker is %v, the pool %v, told %+v", first.state, b.state, told)
	}
	second := b.booting()
	b.ready(second)

	var fx effects
	b.recycle(&fx, b.now) // there is no place for a replacement
	if !strings.Contains(fx.news.kept, "stuck") || second.retiring != "" {
		t.Fatalf("a roll without a place: %+v, the worker is to be replaced because of %q", fx.news, second.retiring)
	}

	waits := NewCall()
	b.pauseWorker(&fx, second, true, b.now)
	b.submit(&fx, waits, b.now)
	told := b.jamWith(second)
	if b.state != StateFailed || !strings.Contains(told.failed, "2 of its processes do not end") || waits.Kind != PoolFailed {
		t.Fatalf("the pool is %v because of %q; the call ended as %v", b.state, told.failed, waits.Kind)
	}
	if b.last.Code != -1 {
		t.Errorf("the exit code of a process that has not ended is %d", b.last.Code)
	}
	b.die(first, Death{})
	if b.state != StateRunning || b.booting() == nil {
		t.Errorf("one is gone: the pool is %v, and starts %v", b.state, b.booting())
	}
}

func TestScaledDownToStuckProcesses(t *testing.T) {
	b := newBooter(Config{Min: 2, Max: 2})
	for range 2 {
		w := b.booting()
		b.ready(w)
		b.jamWith(w)
	}
	var fx effects
	b.scale(&fx, 1, 1, b.now)
	if b.state != StateFailed {
		t.Errorf("with a place less the pool is %v", b.state)
	}
	b.scale(&fx, 2, 2, b.now)
	if b.state != StateRunning {
		t.Errorf("with a place more the pool is %v", b.state)
	}
}
