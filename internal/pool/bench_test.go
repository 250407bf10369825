package pool

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkCore is what the core does for a call, without the link and the
// lock: it takes it, gives it to a worker, takes its answer and counts it. So
// many calls are under way. More of them, and more effects, take turns: it
// matters by some nanoseconds how the addresses of what a step reads and writes
// lie to each other.
func BenchmarkCore(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("x%d", callers), func(b *testing.B) { benchCore(b, callers) })
	}
}

func benchCore(b *testing.B, callers int) {
	k := newCore(Config{Name: "lab", Funcs: []string{"f"}, Min: 1, Max: 1, Concurrency: 1, Queue: 1000, KillGrace: time.Second}, 1)
	now := time.Duration(1)
	fx := new(effects)
	k.plan(fx, now)
	w := k.workers[0]
	w.pid, w.marks = 7, labMarks{}
	k.becameReady(fx, w, now)

	payload := make([]byte, 64)
	calls := make([]*Call, max(16, callers))
	for i := range calls {
		calls[i] = NewCall()
	}
	steps, room := 0, make([]effects, 61)
	step := func() *effects {
		fx := &room[steps%len(room)]
		steps++
		*fx = effects{}
		return fx
	}
	submit := func(c *Call) {
		now += 300
		c.Payload = payload
		fx := step()
		k.submit(fx, c, now)
		sent(fx)
	}
	for _, c := range calls[:callers] {
		submit(c)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c := calls[i%len(calls)]
		now += 700
		fx := step()
		if !k.answered(fx, w, c.id, OK, now) {
			b.Fatal("an answer was not taken")
		}
		sent(fx)
		for i := range fx.answers.n {
			fx.answers.at(i).letGo()
		}
		c.Reset()
		submit(calls[(i+callers)%len(calls)])
	}
}
