package pool

import (
	"strings"
	"time"

	"github.com/legion-go/legion/status"
)

// kept is how many ended calls, and how many ended processes, are remembered.
const kept = 100

// last remembers the last things of a kind, in a ring: adding one allocates
// nothing and is fast.
type last[T any] struct {
	ring  [kept]T
	added uint64
}

// next is the place for one more.
func (l *last[T]) next() *T {
	v := &l.ring[l.added%kept]
	l.added++
	return v
}

// newest returns the things, the newest first.
func (l *last[T]) newest() []T {
	all := make([]T, 0, min(l.added, kept))
	for i := range uint64(cap(all)) {
		all = append(all, l.ring[(l.added-1-i)%kept])
	}
	return all
}

// mostHow is how many bytes of a process's end are remembered: a worker's last
// words may be long, and many workers may end.
const mostHow = 1 << 10

// brief is the part of s that is remembered, and keeps no more alive.
func brief(s string) string {
	if len(s) <= mostHow {
		return s
	}
	return strings.ToValidUTF8(s[:mostHow], "") + "…"
}

// callRecord is what is remembered of a call: one cache line, since each end of
// a call writes one.
type callRecord struct {
	number             uint64
	queued, began, end time.Duration // 0 = not yet
	run                time.Duration
	arg, result        int32 // bytes
	pid, tries         int32
	cpu                float32 // nanoseconds
	fn                 uint16
	kind               Kind
	running            bool
}

// record makes the record of c.
func (c *Call) record(t *callRecord, now time.Duration) {
	t.number, t.queued, t.began, t.end = c.seq, c.submitted, c.began, 0
	t.run, t.cpu = c.ran, float32(c.cpu)
	t.arg, t.result, t.pid = int32(c.Size()), 0, int32(c.Worker)
	t.tries, t.fn, t.kind, t.running = int32(c.tries), uint16(c.Func), c.Kind, false
	switch c.state {
	case callEnded:
		t.end = c.submitted + c.Elapsed
		if c.Kind == OK { // otherwise a receiver may still be writing it, without the lock
			t.result = int32(len(c.Data) + c.outSize)
		}
	case callAssigned:
		t.pid, t.running, t.run = int32(c.worker.pid), true, c.runFor(now)
	}
}

// processEnd is what is remembered of a process.
type processEnd struct {
	worker, calls uint64
	began, end    time.Duration
	death         Death
	how           string
}

// CallInfo is what is known of a call. Times and numbers are zero until they
// are known.
type CallInfo struct {
	Number                 uint64
	Func                   string
	Kind                   Kind // 0 until the end
	Running                bool
	PID                    int    // of the worker that has it, or had it last
	Worker                 uint64 // the number of the worker that has it
	Tries                  int    // how many times it was retried
	Queued, Started, Ended time.Time
	Wait, Run, CPU         time.Duration
	Arg, Result            int              // bytes
	Progress               *status.Progress // while it runs; nil: it has said nothing
}

// Gone is a process that has ended.
type Gone struct {
	Worker, Calls uint64
	Start, End    time.Time
	Death         Death // without its texts
	How           string
}

// Info returns what is known of a call that was submitted.
func (p *Pool) Info(c *Call) CallInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.infoOf(c, p.wall())
}

// Recent returns the calls and the processes that ended last, the newest first.
func (p *Pool) Recent() (calls []CallInfo, processes []Gone) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.wall()
	for _, t := range p.core.calls.newest() {
		calls = append(calls, p.info(t, at))
	}
	for _, e := range p.core.ends.newest() {
		processes = append(processes, Gone{
			Worker: e.worker, Calls: e.calls, Start: at(e.began), End: at(e.end),
			Death: e.death, How: e.how,
		})
	}
	return calls, processes
}

// infoOf is Info, under the lock.
func (p *Pool) infoOf(c *Call, at func(time.Duration) time.Time) CallInfo {
	var t callRecord
	c.record(&t, p.now())
	i := p.info(t, at)
	if i.Running {
		i.Worker, i.Progress = c.worker.id, c.progress
	}
	return i
}

func (p *Pool) info(t callRecord, at func(time.Duration) time.Time) CallInfo {
	total := t.end - t.queued
	if t.end == 0 && t.queued != 0 {
		total = p.now() - t.queued
	}
	return CallInfo{
		Wait: max(total-t.run, 0), Run: t.run, CPU: time.Duration(t.cpu),
		Number: t.number, Func: p.core.cfg.Funcs[t.fn], Kind: t.kind, Running: t.running, PID: int(t.pid), Tries: int(t.tries),
		Queued: at(t.queued), Started: at(t.began), Ended: at(t.end), Arg: int(t.arg), Result: int(t.result),
	}
}

// wall converts the pool's clock to the time of day, as set now; 0, which means
// never, to the zero time.
func (p *Pool) wall() func(time.Duration) time.Time {
	now := time.Now()
	here := now.Sub(p.began) + 1 // as in p.now: the same moment always gives the same time
	return func(d time.Duration) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return now.Add(d - here)
	}
}
