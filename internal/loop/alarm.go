package loop

import (
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// alarm wakes a loop that waits for its next tick.
type alarm interface {
	set(in time.Duration)   // ring once, so long from now or, if that is not positive, at once; replaces what was set
	ring() <-chan time.Time // a token: look at the clock; one may be left over from before the last set
	close()
}

// newAlarm returns a precise alarm, if one is wanted and this system has it, or else Go's own.
func newAlarm(precise bool) alarm {
	if precise {
		if a, err := newPrecise(); err == nil {
			return a
		}
	}
	return coarse{time.NewTimer(saturate.Never)}
}

// coarse is a timer of the Go runtime. It knows virtual time; on the real clock it rings up to a millisecond late,
// because the runtime waits in whole ones.
type coarse struct{ timer *time.Timer }

func (c coarse) set(in time.Duration)   { c.timer.Reset(in) }
func (c coarse) ring() <-chan time.Time { return c.timer.C }
func (c coarse) close()                 { c.timer.Stop() }
