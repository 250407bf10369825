package loop

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/internal/saturate"
)

// Ticker is a function that a [Loop] runs again and again.
type Ticker struct {
	loop *Loop
	set  *tickers
	fn   func()

	// Guarded by set.mu; due is a time on the loop's clock.
	interval time.Duration
	due      time.Duration
	stats    TickerStats
}

// TickerStats are the figures of a [Ticker]. Times are zero before the first
// tick.
type TickerStats struct {
	Runs     uint64 // ticks begun
	Missed   uint64 // ticks that never ran because a later one was due already
	Overruns uint64 // ticks that took longer than the interval; none with an interval of 0

	Last        time.Duration // duration of the last finished tick
	Longest     time.Duration // duration of the longest tick
	Late        time.Duration // how long after its due time the last tick began
	LongestLate time.Duration // the greatest Late
}

// Start begins the ticks of a ticker made by NewTicker: the first is due at
// once. It must be called once.
func (t *Ticker) Start() {
	t.set.add(t, t.loop.now())
	t.loop.rouse()
}

// Stop ends the ticker: no further tick begins. It does not wait for a tick
// that runs or is about to begin; if Stop is called on the loop, no tick is
// about to begin, so fn is not called again. Stop may be called more than once.
func (t *Ticker) Stop() { t.set.remove(t) }

// Interval returns the current interval of the ticker.
func (t *Ticker) Interval() time.Duration {
	t.set.mu.Lock()
	defer t.set.mu.Unlock()
	return t.interval
}

// Reset changes the interval: the next tick is due one interval from now, and
// the schedule continues from there, also if the running tick itself calls
// Reset. With 0 the next tick is due at once, or after the pause that follows a
// running tick. A stopped ticker stays stopped. A negative interval panics.
func (t *Ticker) Reset(interval time.Duration) {
	if interval < 0 {
		panic(fmt.Sprintf("loop: Reset to an interval of %v; it must not be negative", interval))
	}
	t.set.mu.Lock()
	t.interval = interval
	t.due = saturate.Add(t.loop.now(), interval)
	t.set.mu.Unlock()
	t.loop.rouse()
}

// Stats returns the figures up to now.
func (t *Ticker) Stats() TickerStats {
	t.set.mu.Lock()
	defer t.set.mu.Unlock()
	return t.stats
}

// begin counts a tick that begins now and moves the due time to the next time
// of the schedule after now. Caller holds set.mu.
func (t *Ticker) begin(now time.Duration) {
	late := now - t.due
	t.stats.Runs++
	t.stats.Late = late
	t.stats.LongestLate = max(t.stats.LongestLate, late)
	if t.interval == 0 {
		return // end sets the next due time
	}
	missed := late / t.interval
	t.stats.Missed += uint64(missed)
	t.due = saturate.Add(t.due+missed*t.interval, t.interval) // t.due + missed·interval ≤ now: only the last step can overflow
}

// end records a tick that began at began and ended now. Caller holds set.mu.
func (t *Ticker) end(began, now, pause time.Duration) {
	took := now - began
	t.stats.Last = took
	t.stats.Longest = max(t.stats.Longest, took)
	switch {
	case t.interval == 0:
		t.due = saturate.Add(now, pause)
	case took > t.interval:
		t.stats.Overruns++
	}
}
