package pool

import (
	"testing"
	"time"
)

// Calls in workers and in the queue are listed, the oldest first, at most 200
// of each.
func TestCalls(t *testing.T) {
	l := newLab(t, Config{Min: 3, Max: 3, Concurrency: 8, Queue: 1000})
	l.now = 10 * ms
	for range 24 + 300 {
		l.give(0)
	}
	p := &Pool{core: l.core, began: time.Now()}
	running, waiting := p.Calls()
	if len(running) != 24 || len(waiting) != mostCalls {
		t.Fatalf("%d run, %d wait", len(running), len(waiting))
	}
	for i, c := range append(running, waiting...) {
		if c.Number != uint64(i+1) || c.Running != (i < 24) || c.Kind != 0 {
			t.Fatalf("the %d. is %+v", i, c)
		}
	}
	if slow := p.Slowest(); len(slow) > 0 {
		t.Errorf("%+v has not ended", slow[0])
	}
}

// The history's view of a pool is that of its figures.
func TestMeasureForHistory(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Funcs: []string{"a", "b"}})
	p := &Pool{core: l.core, began: time.Now()}
	var m, whole Measure
	for round := range 3 {
		l.now += time.Second
		c := l.call(round % 2)
		l.now += 20 * ms
		l.answer(c, []Kind{OK, Failed}[round%2])
		p.Measure(&m, true, false)
		p.Measure(&whole, false, false)
	}
	s := l.stats(l.now)
	for i, f := range m.Funcs {
		if f.Calls != s.Funcs[i].Calls || f.Errors != s.Funcs[i].Errors || m.Names[i] != s.Funcs[i].Name {
			t.Errorf("%+v is not %+v", f.Calls, s.Funcs[i])
		}
	}
	took := 0
	for i, n := range m.All.Took {
		if n > 0 {
			took += int(n)
			if m.All.Took.Bound(i) != 6 || m.All.Took.Top(i) < 20*ms { // 25 ms
				t.Errorf("20 ms are in bucket %d", i)
			}
		}
	}
	if took != 3 || m.All.Calls != 3 || m.All.Errors != 1 || m.Workers != 1 || whole.All != m.All || whole.Funcs != nil {
		t.Errorf("%+v", m.All.Calls)
	}
}
