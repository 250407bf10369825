package pool

import (
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// A worker that a debugger holds is not killed for its silence, nor for a slow
// start; it is as soon as the debugger has gone. A deadline holds for it too.
func TestTracedWorker(t *testing.T) {
	if New(Config{}, nil, nil, Hooks{}).core.tracer == nil {
		t.Error("a pool does not look for debuggers")
	}
	for _, c := range []struct {
		name string
		make func(k *core, fx *effects, w *worker)
		by   Cause
	}{
		{"silent", func(k *core, fx *effects, w *worker) { k.becameReady(fx, w, 1) }, "heartbeat"},
		{"starting", func(*core, *effects, *worker) {}, CauseBootTimeout},
	} {
		k := newCore(Config{Min: 1, Max: 1, Heartbeat: time.Second, BootTimeout: time.Second, KillGrace: time.Second, Concurrency: 1}, 1)
		tracer := 4711
		k.tracer = func(int) int { return tracer }
		var fx effects
		w := k.spawn(&fx, nil, 1)
		w.pid, w.marks = 1, revokeAll{}
		c.make(k, &fx, w)
		now := time.Duration(1)
		pass := func() {
			for range 20 {
				now += 500 * time.Millisecond
				k.tickWorker(&fx, w, now)
			}
		}
		if pass(); w.killedBy != "" {
			t.Errorf("%s: killed by %s while it is traced", c.name, w.killedBy)
		}
		tracer = 0
		if pass(); w.killedBy != c.by {
			t.Errorf("%s: not killed when the tracer has gone, but %q", c.name, w.killedBy)
		}
	}

	// The next look is never in the past, however long a start may take.
	l, w, _ := suspected(t, false)
	l.tracer, l.cfg.BootTimeout = func(int) int { return 4711 }, saturate.Never
	if l.pass(time.Second); w.due != saturate.Never {
		t.Errorf("the worker that a debugger holds is looked at at %v", w.due)
	}

	k := newCore(Config{Min: 1, Max: 1, KillGrace: time.Second, Concurrency: 1}, 1)
	k.tracer = func(int) int { return 4711 }
	var fx effects
	w = k.spawn(&fx, nil, 1)
	w.pid, w.marks = 1, revokeAll{}
	k.becameReady(&fx, w, 1)
	k.startGrace(&fx, w, &Call{}, 1)
	for now := time.Second; w.state != workerStuck && now < time.Minute; now += time.Second {
		k.tickWorker(&fx, w, now)
	}
	if w.state != workerStuck || k.last == nil || !strings.Contains(k.last.Stack, "process 4711") {
		t.Errorf("a deadline: %v, %+v", w.state, k.last)
	}
}
