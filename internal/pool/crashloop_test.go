package pool

import (
	"testing"
	"time"

	"github.com/legion-go/legion/internal/proc"
)

// booter is a core whose workers become ready or die as told, in virtual time.
type booter struct {
	*core
	now time.Duration
}

func newBooter(cfg Config) *booter {
	cfg.Name, cfg.Funcs, cfg.Queue, cfg.Concurrency = "b", []string{"f"}, 100, 1
	cfg.MaxBootFails, cfg.BackoffMin, cfg.BackoffMax = 3, 50*time.Millisecond, time.Second
	b := &booter{newCore(cfg, 1), 1}
	var fx effects
	b.plan(&fx, b.now)
	return b
}

// booting returns the worker that starts, letting the time pass until there is
// one, or nil if none will be started.
func (b *booter) booting() *worker {
	for range 100 {
		for _, w := range b.workers {
			if w.state == workerStarting {
				return w
			}
		}
		var fx effects
		at := b.next(b.now)
		if at == 0 {
			return nil
		}
		b.now = max(b.now, at)
		b.tick(&fx, b.now)
	}
	return nil
}

func (b *booter) die(w *worker, d Death) {
	var fx effects
	b.exited(&fx, w, &d, b.now)
}

func (b *booter) ready(w *worker) {
	var fx effects
	w.pid = int(w.id)
	b.becameReady(&fx, w, b.now)
}

var exited = Death{Exit: proc.Exit{PID: 1, Code: 1}}

func TestBootFailuresFailThePool(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 1})
	for n := range 3 {
		w := b.booting()
		if w == nil || b.state != StateRunning {
			t.Fatalf("after %d failures: state %v, next worker %v", n, b.state, w)
		}
		b.die(w, exited)
	}
	if b.state != StateFailed || b.booting() != nil {
		t.Errorf("after three failures it is %v", b.state)
	}
}

// New workers that do not start are no reason to give up those that serve.
func TestBootFailuresBesideReadyWorker(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 2})
	first := b.booting()
	b.ready(first)
	var fx effects
	first.retiring = "MaxAge"
	b.replace(&fx, b.now)
	for n := range 20 {
		w := b.booting()
		if w == nil {
			t.Fatalf("after %d failures nothing is tried any more", n)
		}
		b.die(w, exited)
		if b.state != StateRunning || first.state != workerReady {
			t.Fatalf("after %d failures the pool is %v, its worker %v", n+1, b.state, first.state)
		}
	}
	if b.now < 10*time.Second {
		t.Errorf("twenty tries within %v", b.now)
	}
	b.ready(b.booting())
	if first.state != workerLeaving {
		t.Errorf("the recycled worker is %v", first.state)
	}
	b.die(first, Death{})
	for range 3 { // the failures count anew
		if b.state != StateRunning {
			t.Fatal("it gave up early")
		}
		for _, w := range b.workers {
			b.die(w, exited)
		}
		if b.booting() == nil {
			break
		}
	}
}

// A system without room for a process is asked again, and not too often, for as
// long as it takes.
func TestNoRoomForProcesses(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 1, MaxRestarts: 3, RestartWindow: time.Hour})
	for n := range 50 {
		w := b.booting()
		if w == nil || b.state != StateRunning {
			t.Fatalf("after %d refusals: state %v, next worker %v", n, b.state, w)
		}
		b.die(w, Death{Lacking: true})
	}
	if b.now < 5*time.Second || b.now > time.Minute {
		t.Errorf("fifty tries took %v", b.now)
	}
	b.ready(b.booting())
	if b.counts.Deaths != 0 || b.counts.Ready != 1 {
		t.Errorf("the counts: %+v", b.counts)
	}
}

// crash has the worker that comes next die of its first call. It boots for so
// long.
func (b *booter) crash(t *testing.T, n int, boot time.Duration) {
	w := b.booting()
	if w == nil || b.state != StateRunning {
		t.Fatalf("after %d deaths: state %v, next worker %v", n, b.state, w)
	}
	b.now += boot
	b.ready(w)
	b.now += 20 * time.Millisecond
	b.die(w, exited)
}

// The delay of restarts does not keep deaths from being too many: neither of
// workers that all die of their first call, however slowly they start, nor
// where some calls end well.
func TestStormsReachMaxRestarts(t *testing.T) {
	for name, world := range map[string]struct {
		boot  time.Duration // of each worker
		happy int           // one call in so many ends well; 0 = none
	}{
		"every call, quick starts": {boot: time.Millisecond},
		"every call, slow starts":  {boot: 10 * time.Second},
		"nearly every call":        {boot: time.Millisecond, happy: 50},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooter(Config{Min: 1, Max: 1, MaxRestarts: 600, RestartWindow: time.Minute, Jitter: 0.1})
			n := 0
			for ; b.state == StateRunning && n < 2000; n++ {
				if world.happy > 0 && n%world.happy == 0 {
					b.streak = 0 // as answered does
				}
				b.crash(t, n, world.boot)
			}
			if b.state != StateFailed || n < 600 {
				t.Errorf("after %d deaths in %v the pool is %v", n, b.now, b.state)
			}
			if pause := b.now - time.Duration(n)*(world.boot+20*time.Millisecond); pause < 10*time.Second {
				t.Errorf("%d restarts were delayed by %v only", n, pause)
			}
		})
	}
}

// Deaths that are rare do not add up, even if no call ends between them.
func TestRareDeathsDoNotAddUp(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 1, MaxRestarts: 5, RestartWindow: time.Minute})
	for n := range 50 {
		b.crash(t, n, 2*time.Minute)
	}
	if b.state != StateRunning {
		t.Errorf("it is %v: %s", b.state, b.reason)
	}
}
