package history

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

func (l *lapse) pass(t testing.TB) []byte {
	t.Helper()
	b, err := l.passOn()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// everything returns all samples of a pool and its functions, by tier and name.
func (l *lapse) everything(t *testing.T, pool string, funcs ...string) map[string][]status.Sample {
	t.Helper()
	all := map[string][]status.Sample{}
	for _, tier := range tiers {
		for _, fn := range append(funcs, "") {
			all[time.Duration(tier.step).String()+fn] = l.get(t, pool, fn, tier.step)
		}
	}
	return all
}

// works makes a daemon that has worked for a while, in all manners.
func works(seconds int) (*lapse, *machine) {
	o := newMachine("resize", "big", "small")
	l := newLapse(limit, o)
	for i := range seconds {
		if i == seconds/2 {
			l.now = l.now.Add(25 * time.Second) // the machine slept
		}
		o.call(0, i%50, 20*time.Millisecond)
		o.call(1, i%7, time.Second)
		o.funcs[1].Errors += uint64(i % 2)
		o.m.Queued, o.m.Running, o.m.Memory, o.m.OldestWait = i%9, i%3, uint64(i)<<20, time.Duration(i)*time.Millisecond
		o.m.Deaths += uint64(i % 3)
		l.second()
	}
	return l, o
}

// The next process knows what this one knew, and goes on with it: between them
// is what neither saw.
func TestPassing(t *testing.T) {
	for _, seconds := range []int{3, 250, 5000} {
		l, _ := works(seconds)
		was := l.everything(t, "resize", "big", "small")
		next := newMachine("resize", "small", "big", "new") // of the next program
		n := &lapse{&History{}, l.now, []Machine{next}}
		if err := n.take(l.pass(t)); err != nil {
			t.Fatal(err)
		}
		if is := n.everything(t, "resize", "big", "small"); !reflect.DeepEqual(is, was) {
			t.Errorf("%d seconds: before its first second it knows less, or something else", seconds)
		}
		another := &lapse{&History{}, l.now, []Machine{next}}
		if err := another.take(n.pass(t)); err != nil {
			t.Fatal(err)
		}
		if is := another.everything(t, "resize", "big", "small"); !reflect.DeepEqual(is, was) {
			t.Errorf("%d seconds: a process that ends within a second passes less on, or something else", seconds)
		}
		n.now = n.now.Add(4 * time.Second)
		next.call(1, 30, time.Millisecond)
		n.second()
		is := n.everything(t, "resize", "big", "small")
		for name, was := range was {
			is := is[name]
			step := 1
			switch name[:2] {
			case "10":
				step = 10
			case "60":
				step = 60
			}
			passed := 0 // steps
			for _, tier := range tiers {
				if tier.step == step {
					passed = int(n.seconds/uint64(step) - l.seconds/uint64(step))
					if len(was) == tier.length {
						was = was[passed:]
					}
				}
			}
			if len(is) != len(was)+passed || len(was) > 0 && !reflect.DeepEqual(is[:len(was)], was) {
				t.Errorf("%d seconds, %s: %d samples are not %d and %d more", seconds, name, len(is), len(was), passed)
			}
			for i, s := range is[len(is)-passed:] {
				if last := i == passed-1; step == 1 && s.Missing == last {
					t.Errorf("%d seconds, %s: sample %d after them is missing: %v", seconds, name, i, s.Missing)
				}
			}
		}
		if s := n.get(t, "resize", "", 1); s[len(s)-1].Calls != 6 { // of five seconds, in the last of them
			t.Errorf("%d seconds: it goes on with %+v", seconds, s[len(s)-1])
		}
		if s := n.get(t, "resize", "new", 1); s[len(s)-1].Calls != 0 {
			t.Errorf("a new function: %+v", s[len(s)-1])
		}
	}
}

// asks is a machine that has something done in the middle of a tick.
type asks struct {
	*machine
	done func()
}

func (a asks) Measure(m *pool.Measure, funcs, look bool) {
	a.machine.Measure(m, funcs, look)
	a.done()
}

// A process that ends in the middle of its first second passes on all that it
// got, also of functions.
func TestPassingInTheFirstSecond(t *testing.T) {
	l, _ := works(250)
	was := l.everything(t, "resize", "big", "small")
	n := &lapse{&History{}, l.now, nil}
	var passed []byte
	n.all = []Machine{asks{newMachine("resize", "big", "small"), func() { passed = n.pass(t) }}}
	if err := n.take(l.pass(t)); err != nil {
		t.Fatal(err)
	}
	n.second()
	last := &lapse{&History{}, l.now, nil}
	if err := last.take(passed); err != nil {
		t.Fatal(err)
	}
	if is := last.everything(t, "resize", "big", "small"); !reflect.DeepEqual(is, was) {
		t.Error("it passes less on, or something else")
	}
}

// A pool that starts late finds its samples where they belong; what no pool
// asks for is let go.
func TestPassingToALatePool(t *testing.T) {
	l, o := works(300)
	was := l.get(t, "resize", "", 1)
	n := &lapse{&History{}, l.now, nil}
	if err := n.take(l.pass(t)); err != nil {
		t.Fatal(err)
	}
	const late = 20
	for range late {
		n.second()
	}
	n.all = []Machine{newMachine("resize", o.m.Names...)}
	n.second()
	if is := n.get(t, "resize", "", 1); !reflect.DeepEqual(is[:300-late-1], was[late+1:]) {
		t.Error("the samples of a pool that starts late are others, or elsewhere")
	}
	for range recallFor {
		n.second()
	}
	if n.past.pools != nil {
		t.Error("what was passed on is kept for ever")
	}
	n.all = append(n.all, newMachine("later"))
	n.second()
}

// A daemon with very many pools keeps less of each, and passes just that on.
func TestPassingOfManyPools(t *testing.T) {
	l := newLapse(limit)
	for i := range 300 {
		l.all = append(l.all, newMachine(string(rune(0x4e00+i)), "f"))
	}
	for range 20 {
		for _, m := range l.all {
			m.(*machine).call(0, 1, time.Second)
		}
		l.second()
	}
	b := l.pass(t)
	if m := l.Memory(); int64(len(b)) > m.Most {
		t.Errorf("%d bytes of at most %d", len(b), m.Most)
	}
	n := &lapse{&History{}, l.now, l.all}
	if err := n.take(b); err != nil {
		t.Fatal(err)
	}
	n.second()
	first := l.all[0].Name()
	if was, is := l.get(t, first, "", 1), n.get(t, first, "", 1); len(was) < 10 || len(is) != len(was) || !reflect.DeepEqual(is[:len(is)-1], was[1:]) {
		t.Errorf("%d samples, and then %d others", len(was), len(is))
	}
}

// The longest history of two pools takes a tenth of what the next process takes
// from twenty, for which there is room.
func TestPassingFits(t *testing.T) {
	l := newLapse(limit)
	for i := range 2 {
		l.all = append(l.all, newMachine(string(rune('a'+i)), "f", "g", "h"))
	}
	for range 400 {
		for _, m := range l.all {
			for f := range 3 {
				m.(*machine).call(f, 5, time.Millisecond)
			}
			m.(*machine).m.Running = 3
		}
		l.second()
	}
	l.now = l.now.Add(23 * time.Hour)
	l.second()
	b := l.pass(t)
	if most := l.Memory().Most / 10; int64(len(b)) > most || int64(len(b)) < most/4 {
		t.Errorf("%d bytes of at most %d", len(b), most)
	}
	if err := new(History).take(b); err != nil {
		t.Error(err)
	}
}

// What another version of the program sends may be anything.
func TestForeignPassing(t *testing.T) {
	l, _ := works(30)
	var good passed
	if err := json.Unmarshal(l.pass(t), &good); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(p *passed){
		"its format":                    func(p *passed) { p.Legion = "history 2" },
		"0 seconds":                     func(p *passed) { p.Seconds = 0 },
		"samples of 1 seconds, of 0":    func(p *passed) { p.Lines[0].Length = 0 },
		"samples of 10 seconds, of 361": func(p *passed) { p.Lines[1].Length = 361 },
		"1441 samples of 60 seconds":    func(p *passed) { p.Lines[2].Missing = make([]bool, 1441) },
		`pool "x": 17 bytes of what came`: func(p *passed) {
			p.Pools["x"] = passedPool{passedSeries: passedSeries{Records: [3][]byte{make([]byte, 17)}}}
		},
		`function "f" of pool "x": 9000 bytes`: func(p *passed) {
			p.Pools["x"] = passedPool{Funcs: map[string]passedSeries{"f": {States: [3][]byte{make([]byte, 9000)}}}}
		},
	} {
		b, err := json.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		var bad passed
		if err := json.Unmarshal(b, &bad); err != nil {
			t.Fatal(err)
		}
		change(&bad)
		if b, err = json.Marshal(bad); err != nil {
			t.Fatal(err)
		}
		var h History
		if err := h.take(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if h.seconds != 0 || h.past.pools != nil {
			t.Errorf("%s: the history is not empty", want)
		}
	}
	if err := l.take(l.pass(t)); err == nil {
		t.Error("taken by a history that has begun")
	}
}

func FuzzTake(f *testing.F) {
	l, _ := works(20)
	f.Add(l.pass(f))
	f.Add([]byte(`{"legion":"history 1","seconds":60,"lines":[{"length":1},{"length":1},{"length":1}],"pools":{"resize":{"records":["","",""]}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := &lapse{&History{}, l.now, []Machine{newMachine("resize", "big")}}
		if n.take(b) != nil {
			return
		}
		n.last = n.now // a time long ago means a day of seconds
		n.second()
		n.everything(t, "resize", "big")
		n.pass(t)
	})
}

// tight is a limit with which few pools are many.
const tight = limit / 16

// crowd makes so many pools.
func crowd(name string, n int) (all []Machine) {
	for i := range n {
		all = append(all, newMachine(name+string(rune(0x4e00+i)), "f"))
	}
	return all
}

// busy lets seconds pass in which each pool has a call.
func (l *lapse) busy(seconds int) {
	for range seconds {
		for _, m := range l.all {
			m.(*machine).call(0, 1, time.Second)
			m.(*machine).m.Running = 1
		}
		l.second()
	}
}

// A program with another number of pools has as many samples as there is room
// for: those of the process before, the newest, and then its own.
func TestPassingToMoreOrFewerPools(t *testing.T) {
	for _, c := range []struct{ before, after, least int }{{20, 1, 300}, {1, 20, 10}, {20, 13, 20}, {3, 7, 60}} {
		l := newLapse(tight, crowd("p", c.before)...)
		l.busy(c.least + 10)
		name := l.all[0].Name()
		was := l.get(t, name, "", 1)
		n := &lapse{&History{limit: tight}, l.now, crowd("p", c.after)}
		if err := n.take(l.pass(t)); err != nil {
			t.Fatal(err)
		}
		n.busy(1)
		is := n.get(t, name, "", 1)
		if least := min(c.least, len(was)); len(is) < least {
			t.Errorf("%d pools after %d: %d samples of %d, at least %d", c.after, c.before, len(is), len(was), least)
		}
		for i := 1; i < min(len(is), len(was)); i++ {
			if !reflect.DeepEqual(is[len(is)-1-i], was[len(was)-i]) {
				t.Errorf("%d pools after %d: sample %d from the end is another one", c.after, c.before, i)
			}
		}
		n.busy(recallFor)
		for i, s := range n.get(t, name, "", 1)[1:] {
			if s.Missing || s.Running != 1 {
				t.Errorf("%d pools after %d: sample %d is %+v", c.after, c.before, i, s)
			}
		}
		n.busy(c.least)
		if is := n.get(t, name, "", 1); len(is) < c.least || len(n.pools)*n.sizeOf(true) > n.limit {
			t.Errorf("%d pools after %d: %d samples are kept, at least %d", c.after, c.before, len(is), c.least)
		}
	}
}

// Programs with ever other pools, within seconds, pass no more on than the next
// one takes.
func TestPassingOfOtherPools(t *testing.T) {
	var last []byte
	var now time.Time
	for i, name := range []string{"a", "b", "c"} {
		l := newLapse(tight, crowd(name, 4)...)
		if i == 0 {
			l.now = l.now.Add(24 * time.Hour) // it sleeps: that fills all rings
		} else {
			l = &lapse{&History{limit: tight}, now, l.all}
			if err := l.take(last); err != nil {
				t.Fatal(err)
			}
		}
		l.busy(recallFor - 10) // over the end of a minute, in each of them
		now = l.now
		last = l.pass(t)
		if most := int(l.Memory().Most / (limit / tight)); len(last) > most {
			t.Errorf("program %d: %d bytes, more than %d", i, len(last), most)
		}
	}
}
