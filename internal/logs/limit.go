package logs

import (
	"time"

	"github.com/legion-go/legion/internal/pace"
)

// limitPause is how long everything is dropped after there were too many
// records.
const limitPause = time.Second

// Limit bounds the records that one source, a worker or a failing loop, adds to
// the log. It counts the others as dropped.
type Limit struct {
	*pace.Limit
	log *Log
}

// NewLimit makes a limit: rate is in records per second, burst how many may
// come at once. tell logs how many were left out.
func (l *Log) NewLimit(rate, burst float64, tell func(records uint64)) *Limit {
	return &Limit{log: l, Limit: pace.New(pace.Options{Rate: rate, Burst: burst, Pause: limitPause, Tell: tell, Set: &l.pauses})}
}

// LimitOf returns the limit of a source, and makes it at the first call: see
// NewLimit. Sources are few, and never forgotten.
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

// Take reports whether to log a record that counts as price records.
func (l *Limit) Take(price int) bool {
	if !l.Limit.Take(price) {
		l.log.lost.Add(1)
		return false
	}
	return true
}
