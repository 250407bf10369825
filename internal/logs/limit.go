package logs

import (
	"time"

	"github.com/legion-go/legion/internal/pace"
)

// limitPause is how long everything is dropped once there were too many.
const limitPause = time.Second

// Limit bounds the records that one source, a worker or a loop that fails,
// brings into the log. What it leaves out counts as dropped.
type Limit struct {
	*pace.Limit
	log *Log
}

// NewLimit makes a limit: rate is in records per second, burst how many come at
// once. tell says how many were left out, by a record of the log.
func (l *Log) NewLimit(rate, burst float64, tell func(records uint64)) *Limit {
	return &Limit{log: l, Limit: pace.New(pace.Options{Rate: rate, Burst: burst, Pause: limitPause, Tell: tell, Set: &l.pauses})}
}

// LimitOf returns the limit of a source, which it makes when it is first asked
// for it: see NewLimit. Sources are few, and never forgotten.
func (l *Log) LimitOf(source string, rate, burst float64, tell func(records uint64)) *Limit {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limits == nil {
		l.limits = map[string]*Limit{}
	}
	if l.limits[source] == nil {
		l.limits[source] = l.NewLimit(rate, burst, tell)
	}
	return l.limits[source]
}

// Take reports whether a record is to be logged that counts as so many.
func (l *Limit) Take(price int) bool {
	if !l.Limit.Take(price) {
		l.log.lost.Add(1)
		return false
	}
	return true
}
