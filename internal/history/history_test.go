package history

import (
	"math"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

// machine is a pool that does what the test says.
type machine struct {
	name  string
	m     pool.Measure
	funcs []pool.FuncMeasure
	looks int
}

func newMachine(name string, funcs ...string) *machine {
	return &machine{name: name, m: pool.Measure{Names: funcs, Workers: 2}, funcs: make([]pool.FuncMeasure, len(funcs))}
}

func (o *machine) Name() string { return o.name }

func (o *machine) Measure(m *pool.Measure, funcs, look bool) {
	if look {
		o.looks++
	}
	was := m.Funcs
	*m = o.m
	m.All = pool.FuncMeasure{CPU: o.m.All.CPU}
	for _, f := range o.funcs {
		m.All.Calls += f.Calls
		m.All.Errors += f.Errors
		for i, n := range f.Took {
			m.All.Took[i] += n
		}
	}
	if m.Funcs = was; funcs {
		copy(m.Funcs, o.funcs)
	}
}

// call lets n calls of a function end that took about so long.
func (o *machine) call(fn, n int, took time.Duration) {
	f := &o.funcs[fn]
	f.Calls += uint64(n)
	for i := range f.Took {
		if f.Took.Top(i) >= took {
			f.Took[i] += uint64(n)
			return
		}
	}
}

// lapse is a history whose seconds pass as the test says.
type lapse struct {
	*History
	now time.Time
	all []Machine
}

func newLapse(limit int, all ...Machine) *lapse {
	l := &lapse{&History{limit: limit}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), all}
	l.second()
	return l
}

func (l *lapse) second() {
	l.now = l.now.Add(time.Second)
	l.Tick(l.now, l.all)
}

func (l *lapse) get(t *testing.T, pool, fn string, step int) []status.Sample {
	t.Helper()
	h, err := l.Get(pool, fn, step)
	if err != nil || h.Step != time.Duration(step)*time.Second {
		t.Fatal(h.Step, err)
	}
	return h.Samples
}

func near(got, want, part float64) bool { return math.Abs(got-want) <= part*want }

// A sample has what happened since the one before; those of a pool have what
// all its functions did.
func TestSamples(t *testing.T) {
	o := newMachine("resize", "big", "small")
	l := newLapse(limit, o)
	for range 29 {
		o.call(0, 70, 20*time.Millisecond)
		o.call(0, 30, 3*time.Second)
		o.call(1, 2000, 50*time.Microsecond)
		o.funcs[1].Errors += 5
		o.m.Deaths++
		o.m.Queued, o.m.OldestWait, o.m.Memory = 7, 2*time.Second, 100<<20
		l.second()
		o.m.Queued, o.m.OldestWait = 0, 0
	}
	s := l.get(t, "resize", "big", 1)
	if len(s) != 30 {
		t.Fatalf("%d samples", len(s))
	}
	last := s[29]
	if last.Calls != 100 || last.Errors != 0 || !near(last.P50.Seconds(), 0.02, .2) || !near(last.P90.Seconds(), 3, .2) || last.Workers != 0 || last.Missing {
		t.Errorf("%+v", last)
	}
	if b := last.Buckets; !near(float64(b[6]), 70, .13) || !near(float64(b[13]), 30, .13) || b[5] != 0 || len(b) != len(status.Bounds)+1 {
		t.Errorf("%v", last.Buckets)
	}
	whole := l.get(t, "resize", "", 1)[29]
	if !near(whole.Calls, 2100, .001) || whole.Errors != 5 || whole.Deaths != 1 || whole.Queued != 7 || whole.Workers != 2 ||
		!near(float64(whole.Memory), 100<<20, .001) || !near(whole.OldestWait.Seconds(), 2, .07) || !near(whole.P50.Seconds(), 5e-5, .2) || !near(whole.P99.Seconds(), 3, .2) {
		t.Errorf("%+v", whole)
	}
	ten := l.get(t, "resize", "", 10)
	if len(ten) != 3 || !near(ten[2].Calls, 2100, .001) || ten[2].Deaths != 10 || ten[2].Queued != 7 || !near(ten[1].P99.Seconds(), 3, .2) {
		t.Errorf("%+v", ten)
	}
	if len(l.get(t, "resize", "", 60)) != 0 || len(l.get(t, "other", "", 1)) != 0 {
		t.Error("there are samples of what has not been")
	}
	if _, err := l.Get("resize", "", 5); err == nil {
		t.Error("5 is a step")
	}
	shown := 0
	l.Last(func(pool, fn string, s status.Sample) {
		if shown++; pool != "resize" || fn == "big" && s.Calls != 100 {
			t.Error(pool, fn, s)
		}
	})
	if shown != 3 {
		t.Error(shown)
	}
}

// A day passes: each tier keeps as many samples as it is to, the newest, and a
// day of a busy pool is a day of busy minutes.
func TestADay(t *testing.T) {
	o := newMachine("p", "f")
	l := newLapse(limit, o)
	for i := range 25 * 3600 {
		if i%60 < 30 {
			o.call(0, 20, time.Millisecond)
		}
		l.second()
	}
	for _, tier := range tiers {
		s := l.get(t, "p", "f", tier.step)
		if len(s) != tier.length {
			t.Errorf("%d samples of %d s", len(s), tier.step)
		}
		sum := 0.0
		for _, one := range s {
			sum += one.Calls * float64(tier.step)
		}
		if want := float64(10 * tier.step * tier.length); !near(sum, want, .02) {
			t.Errorf("tier %d: %v calls, not %v", tier.step, sum, want)
		}
	}
}

// While the machine sleeps, or the daemon stands still, samples are missing.
// What happened meanwhile is not told as if it had been in one second.
func TestGaps(t *testing.T) {
	o := newMachine("p", "f")
	l := newLapse(limit, o)
	for range 9 {
		o.call(0, 10, time.Millisecond)
		l.second()
	}
	l.now = l.now.Add(25 * time.Second)
	o.call(0, 260, time.Millisecond)
	l.second()
	s := l.get(t, "p", "", 1)
	missing := 0
	for _, one := range s {
		if one.Missing {
			missing++
		}
	}
	if len(s) != 36 || missing != 25 || s[9].Missing || !s[10].Missing || s[35].Missing || s[35].Calls != 10 {
		t.Errorf("%d samples, %d missing, the last %+v", len(s), missing, s[len(s)-1])
	}
	if ten := l.get(t, "p", "", 10); len(ten) != 3 || ten[0].Missing || !ten[1].Missing || !ten[2].Missing {
		t.Errorf("%+v", ten)
	}
	l.now = l.now.Add(-time.Hour) // somebody has set the clock
	l.second()
	if n := len(l.get(t, "p", "", 1)); n != 37 {
		t.Errorf("%d samples", n)
	}
	l.now = l.now.Add(300 * 24 * time.Hour)
	l.second()
	if s := l.get(t, "p", "", 60); len(s) != 1440 || !s[1000].Missing {
		t.Errorf("%d samples", len(s))
	}
}

// Ticks that come late, as on a busy machine, invent no seconds: after an hour
// of them there are as many samples as seconds, and none is far from its time.
func TestLateTicks(t *testing.T) {
	for _, late := range []time.Duration{100, 400, 499, 500, 501, 600, 700, 900, 999} {
		o := newMachine("p", "f")
		l := newLapse(limit, o)
		began, missing := l.now, 0
		for n := range 3600 {
			o.call(0, 10, time.Millisecond)
			at := began.Add(time.Duration(n+1) * time.Second)
			if n%5 == 0 {
				at = at.Add(late * time.Millisecond)
			}
			l.Tick(at, l.all)
		}
		for _, s := range l.get(t, "p", "", 1) {
			if s.Missing {
				missing++
			}
		}
		if away := int(l.seconds) - 3601; away < -1 || away > 1 {
			t.Errorf("%d ms late: %d seconds in an hour", late, l.seconds)
		}
		if late < 500 && missing > 0 || missing > 60 {
			t.Errorf("%d ms late: %d of 300 samples are missing", late, missing)
		}
		if s := l.get(t, "p", "", 60); !near(s[len(s)-1].Calls, 10, .05) {
			t.Errorf("%d ms late: %v calls a second", late, s[len(s)-1].Calls)
		}
	}
}

// What all series take stays within the limit: pools with many functions lose
// those, and the answer says so; with very many pools, all lose what is old.
func TestRoom(t *testing.T) {
	names := make([]string, 100)
	for i := range names {
		names[i] = string(rune('a' + i%26))
	}
	few, many := newMachine("few", "f"), newMachine("many", names...)
	l := newLapse(1<<20, many, few)
	few.call(0, 1, time.Second)
	many.call(0, 1, time.Second)
	l.second()
	if h, _ := l.Get("few", "f", 1); h.Folded || len(h.Samples) != 2 || h.Samples[1].Calls != 1 {
		t.Errorf("%+v", h)
	}
	if h, _ := l.Get("many", "a", 1); !h.Folded || len(h.Samples) != 0 {
		t.Errorf("%+v", h)
	}
	if s := l.get(t, "many", "", 1); len(s) != 2 || s[1].Calls != 1 {
		t.Errorf("%+v", s)
	}
	twenty := newLapse(limit)
	for i := range 20 {
		twenty.all = append(twenty.all, newMachine(names[i]+"!", "f", "g", "h"))
	}
	twenty.second()
	for _, p := range twenty.pools {
		if len(p.funcs) != 3 {
			t.Error("there is no room for 20 pools with 3 functions")
		}
	}
	var crowd []Machine
	for i := range 300 {
		crowd = append(crowd, newMachine(string(rune(0x4e00+i)), "f"))
	}
	l = newLapse(limit, crowd...)
	for range 20 {
		for _, m := range crowd {
			m.(*machine).call(0, 1, time.Second)
		}
		l.second()
	}
	size := 0
	for _, p := range l.pools {
		size += sizeOf[poolSeries]() + len(p.funcs)*(sizeOf[series]()+sizeOf[pool.FuncMeasure]())
		for i := range tiers {
			size += cap(p.records[i])*sizeOf[record]() + cap(p.states[i])*sizeOf[state]()
			for _, f := range p.funcs {
				size += cap(f.records[i]) * sizeOf[record]()
			}
		}
	}
	if n := len(l.get(t, string(rune(0x4e00)), "", 1)); size > limit || n < 10 {
		t.Errorf("%d bytes for %d pools, %d samples", size, len(crowd), n)
	}
}

// Memory and processor times are read every ten seconds, more seldom with many
// workers; the processors used are told as a rate all the while.
func TestLooks(t *testing.T) {
	o := newMachine("p", "f")
	l := newLapse(limit, o)
	for i := range 60 {
		if i%10 == 9 {
			o.m.All.CPU += 5 * time.Second
		}
		l.second()
	}
	if o.looks < 6 || o.looks > 7 {
		t.Errorf("%d looks in a minute", o.looks)
	}
	for _, s := range l.get(t, "p", "", 1)[30:] {
		if !near(s.CPU, .5, .07) {
			t.Errorf("%+v", s)
		}
	}
	if s := l.get(t, "p", "", 60); !near(s[0].CPU, .5, .2) {
		t.Errorf("%+v", s)
	}
	o.m.Workers, o.looks = 1000, 0
	for range 110 {
		l.second()
	}
	if o.looks != 1 {
		t.Errorf("%d looks", o.looks)
	}
}

// Numbers come back nearly the same, and in the same order.
func TestSqueeze(t *testing.T) {
	for mantissa, part := range map[int]float64{small: 1. / 16, large: 1. / 4096} {
		last := uint64(0)
		for n := uint64(0); n < 1<<34; n += 1 + n/97 {
			code := squeeze(n, mantissa)
			if back := swell(code, mantissa); math.Abs(float64(back)-float64(n)) > part*float64(n) || code < last || code >= 1<<(mantissa+5) {
				t.Fatalf("%d comes back as %d by %d after %d", n, back, code, last)
			}
			last = code
		}
		if code := squeeze(math.MaxUint64, mantissa); code != 1<<(mantissa+5)-1 {
			t.Error(code)
		}
	}
	var r record
	for i := range bucketCount {
		r.setLevel(i, uint8(i+15)&levels)
	}
	for i := range bucketCount {
		if r.levelOf(i) != uint8(i+15)&levels {
			t.Error(i, r.levelOf(i))
		}
	}
}

// 20 pools with 3 functions that all have calls, a second.
func BenchmarkTick(b *testing.B) {
	l := newLapse(limit)
	for i := range 20 {
		l.all = append(l.all, newMachine(string(rune('a'+i)), "f", "g", "h"))
	}
	for b.Loop() {
		for _, m := range l.all {
			for f := range 3 {
				m.(*machine).call(f, 5, time.Millisecond)
			}
		}
		l.second()
	}
}
