package pool

import (
	"reflect"
	"testing"
)

// Effects that are used again allocate nothing after a step that sent many
// calls, and hold nothing of it.
func TestEffectsUsedAgain(t *testing.T) {
	var fx effects
	w, c := &worker{}, &Call{}
	fill := func() {
		for range 20 {
			fx.sends.add(send{call: c, to: w})
			fx.answers.add(c)
			fx.do(opPing, w)
		}
		fx.news.failed = "it failed"
	}
	if n := testing.AllocsPerRun(10, func() { fill(); fx.clear() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if fx.sends.n+fx.answers.n+len(fx.acts) > 0 || fx.poke || !reflect.DeepEqual(fx.news, news{}) {
		t.Errorf("it is not empty: %+v", fx)
	}
	for i, s := range append(fx.sends.first[:], fx.sends.more[:cap(fx.sends.more)]...) {
		if s != (send{}) {
			t.Errorf("it keeps send %d", i)
		}
	}
	for i, a := range fx.acts[:cap(fx.acts)] {
		if a != (act{}) {
			t.Errorf("it keeps act %d", i)
		}
	}
}
