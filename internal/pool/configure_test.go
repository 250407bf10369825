package pool

import (
	"testing"
	"time"
)

// Calls end at their own deadlines also when a shorter Timeout has been set
// since some of them were made.
func TestDeadlinesAfterAShorterTimeout(t *testing.T) {
	k := newCore(Config{Max: 1, Queue: 10, Timeout: time.Second, Funcs: []string{"f"}}, 1)
	k.state = StatePaused
	at := map[*Call]time.Duration{}
	submit := func(now time.Duration) {
		var fx effects
		c := NewCall()
		k.submit(&fx, c, now)
		at[c] = now + k.cfg.Timeout
	}
	submit(1)
	submit(2)
	var fx effects
	cfg := k.cfg
	cfg.Timeout = 10
	k.configure(&fx, cfg, 3)
	submit(4)
	submit(5)
	cfg.Timeout = time.Second - 3
	k.configure(&fx, cfg, 6)
	submit(3) // between the first two
	for range 5 {
		now := k.next(0)
		fx = effects{}
		k.tick(&fx, now)
		for i := range fx.answers.n {
			c := fx.answers.at(i)
			if c.Kind != Timeout || at[c] != now {
				t.Errorf("call %d ends at %v, not at %v", c.seq, now, at[c])
			}
			delete(at, c)
		}
	}
	if len(at) != 0 || k.timers.len != 0 {
		t.Errorf("%d calls have not ended, %d timers are left", len(at), k.timers.len)
	}
}
