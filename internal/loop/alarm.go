package loop

import (
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// alarm wakes a loop that waits for its next tick.
type alarm interface {
	set(in time.Duration)   // ring once, after in, or at once if in is not positive; replaces the last set
	ring() <-chan time.Time // a token means: check the clock; one may be left over from before the last set
	close()
}

// newAlarm returns a precise alarm if precise is true and this system has one,
// or else Go's timer.
func newAlarm(precise bool) alarm {
	if precise {
		if a, err := newPrecise(); err == nil {
			return a
		}
	}
	return coarse{time.NewTimer(saturate.Never)}
}

// coarse is a timer of the Go runtime. It works in virtual time; on the real
// clock it rings up to a millisecond late, because the runtime waits in whole
// milliseconds.
type coarse struct{ timer *time.Timer }

func (c coarse) set(in time.Duration)   { c.timer.Reset(in) }
func (c coarse) ring() <-chan time.Time { return c.timer.C }
func (c coarse) close()                 { c.timer.Stop() }
