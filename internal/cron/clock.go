package cron

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Job is an entry with what it does. Its methods may be called from any
// goroutine.
type Job struct {
	mu      sync.Mutex // guards entry
	entry   *Entry
	begin   func(done func(Outcome))
	pending atomic.Bool // begun, and not done
	runs    atomic.Uint64
	missed  atomic.Uint64
	ended   [outcomes]atomic.Uint64
	lastOK  atomic.Int64 // in nanoseconds, as of time.UnixNano; 0: none was
}

// Figures are the figures of a job.
type Figures struct {
	Next    time.Time // when it is due next; zero before its start, and if it will never be due
	Runs    uint64    // how many times it was begun
	Missed  uint64    // how many times it was due while it was pending
	Pending bool      // it was begun, and is not done
	Ended   [outcomes]uint64
	LastOK  time.Time // the end of the last run that was OK; zero: none was
}

// Outcomes returns how many runs have ended how.
func (f Figures) Outcomes() map[string]uint64 {
	all := map[string]uint64{}
	for o, n := range f.Ended {
		all[Outcome(o).String()] = n
	}
	return all
}

// NewJob returns a job for a cron expression, see Parse. When it is due, its
// Clock calls begin, which must not block, and must call done when the job is
// done.
func NewJob(spec string, begin func(done func(Outcome))) (*Job, error) {
	entry, err := Parse(spec)
	return &Job{entry: entry, begin: begin}, err
}

// Count counts a run that the clock has not begun.
func (j *Job) Count() { j.runs.Add(1) }

// Ended counts the end of such a run.
func (j *Job) Ended(o Outcome) {
	j.ended[o].Add(1)
	if o == OK {
		j.lastOK.Store(time.Now().UnixNano())
	}
}

// Figures returns the figures up to now.
func (j *Job) Figures() Figures {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := Figures{Next: j.entry.Next(), Runs: j.runs.Load(), Missed: j.missed.Load(), Pending: j.pending.Load()}
	for o := range f.Ended {
		f.Ended[o] = j.ended[o].Load()
	}
	if at := j.lastOK.Load(); at != 0 {
		f.LastOK = time.Unix(0, at)
	}
	return f
}

// look begins the job if it is due, and returns how long to wait before the
// next look.
func (j *Job) look(now time.Time) (wait time.Duration) {
	j.mu.Lock()
	due, wait := j.entry.Due(now), j.entry.Wait(now)
	j.mu.Unlock()
	switch {
	case !due:
	case j.pending.Swap(true):
		j.missed.Add(1)
	default:
		j.runs.Add(1)
		j.begin(func(o Outcome) {
			j.Ended(o)
			j.pending.Store(false)
		})
	}
	return wait
}

// Clock begins jobs when they are due. The zero Clock has none.
type Clock struct{ jobs []*Job }

// Start adds a job, which can be due from now on. Call it before Run.
func (c *Clock) Start(j *Job, now time.Time) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entry.Start(now)
	c.jobs = append(c.jobs, j)
}

// Run watches the clock until ctx ends.
func (c *Clock) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		wait, now := MaxWait, time.Now()
		for _, j := range c.jobs {
			wait = min(wait, j.look(now))
		}
		timer.Reset(wait)
	}
}
