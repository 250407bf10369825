package pool

import (
	"fmt"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/where"
)

// Counts are a pool's counters since its start.
type Counts struct {
	Calls    uint64 // submitted
	OK       uint64
	Failed   uint64 // ended with the function's own error
	Panicked uint64
	Refused  uint64
	Timeout  uint64
	Canceled uint64
	Crashed  uint64 // ended with the death of their worker, for whatever reason
	Dropped  uint64 // refused by the pool: queue full, function in quarantine, failed, stopped
	Retried  uint64

	Started    uint64 // processes started
	Ready      uint64 // … that became ready
	Exited     uint64 // … that ended
	Recycled   uint64 // … as intended, without a certificate: recycled, idle, scaled down, stopped
	RecycledBy [reasons]uint64
	Deaths     uint64 // unexpected ends
	Corrupt    uint64 // protocol violations

	Forbidden uint64 // processes ended by a call that the sandbox does not allow

	In, Out uint64 // bytes of arguments of calls that ran, and of results
}

func (n *Counts) recycled(why reason) {
	n.Recycled++
	n.RecycledBy[why]++
}

func (n *Counts) count(k Kind) {
	switch k {
	case OK:
		n.OK++
	case Failed:
		n.Failed++
	case Panicked:
		n.Panicked++
	case Refused:
		n.Refused++
	case Timeout:
		n.Timeout++
	case Canceled:
		n.Canceled++
	case Crashed, OutOfMemory, Forbidden, Poisoned:
		n.Crashed++
	default:
		n.Dropped++
	}
}

// funcStats are the figures of one function.
type funcStats struct {
	toll     toll
	ended    [Stopped + 1]uint64 // calls, by how they ended
	duration histogram           // from the call to its answer
	wait     histogram           // … without the time that it ran
	run      histogram           // of calls that ran
	cpu      time.Duration       // see cpu.go
	slow     slowest
}

// count counts an ended call. taken says that the pool did not refuse it at
// once.
func (f *funcStats) count(c *Call, taken bool) {
	f.ended[c.Kind]++
	if c.Kind != Quarantined { // nobody has answered it: many of them must not hide how long answers take
		f.duration.add(c.Elapsed)
	}
	if taken {
		f.wait.add(c.Elapsed - c.ran)
	}
	if c.began != 0 {
		f.run.add(c.ran)
	}
}

// calls returns how many calls have ended, and how many of them without a
// result.
func (f *funcStats) calls() (calls, errors uint64) {
	for _, n := range f.ended {
		calls += n
	}
	return calls, calls - f.ended[OK]
}

// Summary are the figures of a pool as a whole.
type Summary struct {
	Name     string
	State    State
	Reason   string // why it has failed
	Min, Max int
	OnExit   OnExit
	Size     int           // all processes, in any state
	Serving  int           // … that take calls
	Queued   int           // calls that wait in the daemon
	Queue    int           // how many may
	Oldest   time.Duration // how long the oldest call that has not begun has been waiting
	Running  int           // calls in workers
	Poisoned []string      // functions in quarantine
	Counts
}

func (k *core) summary(now time.Duration) Summary {
	s := Summary{
		Name: k.cfg.Name, State: k.state, Reason: k.reason, Min: k.cfg.Min, Max: k.cfg.Max, OnExit: k.cfg.OnExit, Size: len(k.workers),
		Queue: k.cfg.Queue, Oldest: k.oldestWait(now), Queued: k.queue.len, Running: k.live - k.queue.len, Poisoned: k.inQuarantine(), Counts: k.counts,
	}
	switch {
	case k.halted && len(k.workers) > 0:
		s.State = StateStopping
	case k.halted:
		s.State = StateStopped
	}
	for _, w := range k.workers {
		if w.state == workerReady && !w.paused && (w.loop == loopNone || w.loop == loopRuns) {
			s.Serving++
		}
	}
	return s
}

// shown is the worker's state for the outside: if it has a loop, that loop's
// state replaces "serving".
func (w *worker) shown() string {
	switch {
	case w.paused:
		return "paused"
	case w.state == workerReady && w.loop != loopNone:
		return w.loop.String()
	}
	return w.state.String()
}

// String says in one line how the worker ended.
func (d *Death) String() string {
	if d.PID == 0 && d.Stack != "" {
		return d.Stack // it was never started
	}
	if d.Forbidden != nil {
		return fmt.Sprintf("pid %d %v", d.PID, d.Forbidden)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "pid %d ", d.PID)
	switch {
	case d.KilledBy != "":
		fmt.Fprintf(&b, "was killed (%s)", d.KilledBy)
	case d.OutOfMemory:
		b.WriteString("ran out of memory")
	case d.Signal != 0:
		fmt.Fprintf(&b, "was ended by signal %d (%v)", int(d.Signal), d.Signal)
	default:
		fmt.Fprintf(&b, "exited with code %d", d.Code)
	}
	if line := d.headline(); line != "" {
		b.WriteString(": ")
		b.WriteString(line)
	}
	if d.Limit > 0 && d.Usage.MaxRSS > d.Limit/10*9 && !d.OutOfMemory {
		// At the limit the Go runtime cannot always report it.
		fmt.Fprintf(&b, " (it had used %d MiB, its limit is %d MiB)", d.Usage.MaxRSS>>20, d.Limit>>20)
	}
	if d.inMain() {
		b.WriteString(mainHint)
	}
	return b.String()
}

// mainHint tells the developer, at the first start that fails, that a worker is
// the same program.
const mainHint = ": main must reach Run or Start in every process, workers too; " +
	"do work for the daemon's process only, such as listening, in Listen, Init, or behind IsWorker"

// inMain reports whether main ended, or held up, a worker before it reached
// Start.
func (d *Death) inMain() bool {
	ended := d.KilledBy == "" && d.Signal == 0 && !d.Race && !d.OutOfMemory && d.Code != proc.ExitRefused
	return d.Mute && (ended || Cause(d.KilledBy) == CauseBootTimeout)
}

// running is where a worker was when it was killed for slowness: the place of
// its function's goroutine, or of its main goroutine if it was still starting.
// It is "" if the stack was not taken, or cannot be read.
func (d *Death) running() string {
	if !proc.AskedFor(d.Stack) {
		return ""
	}
	for block := range strings.SplitSeq(d.Stack, "\n\n") {
		if d.runs(block) {
			return where.Innermost(block)
		}
	}
	return ""
}

// runs reports whether a goroutine is that of a function, or of the main of a
// worker that was still starting, given its stack.
func (d *Death) runs(block string) bool {
	starting := Cause(d.KilledBy) == CauseBootTimeout && strings.HasPrefix(block, "goroutine 1 ")
	return starting || strings.Contains(block, "internal/worker.(*server).run(") || strings.Contains(block, "internal/worker.(*server).iteration(")
}

// headline is the most useful line of its last words, with the place of a
// crash.
func (d *Death) headline() string {
	if at := d.running(); at != "" {
		return "it was in " + at
	}
	for line := range strings.Lines(d.Stack) {
		if line = strings.TrimSpace(line); line != "" {
			if at := where.Crashed(d.Stack); at != "" && !proc.AskedFor(d.Stack) {
				line += ", in " + at
			}
			return line
		}
	}
	for i := len(d.Stderr) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(d.Stderr[i]); line != "" {
			return line
		}
	}
	return ""
}
