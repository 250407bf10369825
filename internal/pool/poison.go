package pool

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The quarantine of functions. A function whose calls end one worker after the
// other costs the pool's other functions their workers. So a pool counts, for
// each function, the workers that died of its calls since one of its calls
// last ended in a worker that lived. With the CrashBudget used up, the function
// is in quarantine: its calls end with Quarantined at once, those that wait
// too. After a second one call is let through as a probe. If it ends and its
// worker lives, all is forgiven; if its worker dies, the quarantine is twice as
// long, at most a minute.
//
// It is a circuit breaker: M. Nygard, Release It!, 2007, chapter 5.3.

const (
	quarantineMin = time.Second
	quarantineMax = time.Minute
	// budgetDefault is the CrashBudget of a pool with several functions.
	budgetDefault = 20
)

// budget is how many workers in a row may die of the calls of one function; 0 =
// any number. A pool with one function has nothing to protect from it.
func (k *core) budget() int {
	switch {
	case k.cfg.CrashBudget != 0:
		return max(k.cfg.CrashBudget, 0)
	case len(k.cfg.Funcs) < 2:
		return 0
	}
	return budgetDefault
}

// toll is what the calls of a function have cost since one of them last ended
// in a worker that lived.
type toll struct {
	deaths int           // of workers, in a row
	spell  time.Duration // how long the quarantine is; 0 = there is none
	until  time.Duration // no call is let through before
	since  uint64        // the number of the last call that was made before it
	reason string        // for the quarantine
}

// retryIn is how long to wait before the next call. How long a probe will take
// is not known.
func (t *toll) retryIn(now time.Duration) time.Duration {
	return min(max(t.until-now, 1), t.spell)
}

// probed reports whether c was let through by this quarantine: not by one
// before, or while it was shorter.
func (t *toll) probed(c *Call) bool { return t.spell > 0 && c.probe && c.seq > t.since }

// admit reports whether a new call is let through by the quarantine of its
// function, and ends it otherwise.
func (k *core) admit(fx *effects, c *Call, now time.Duration) bool {
	t := &k.funcs[c.Func].toll
	switch {
	case t.spell == 0:
	case now < t.until:
		k.turnAway(fx, c, now)
		return false
	default:
		// The others wait for its end; but not longer than for the next probe.
		c.probe, t.until = true, now+quarantineMax
	}
	return true
}

// turnAway ends a call, which is in no list or slot, because its function is in
// quarantine.
func (k *core) turnAway(fx *effects, c *Call, now time.Duration) {
	t := &k.funcs[c.Func].toll
	c.Reason, c.RetryAfter = t.reason, t.retryIn(now)
	k.end(fx, c, Quarantined, now)
}

// costs reports whether c, which w has started, is a cause of w's unexpected
// death d. A worker that had to be killed because a call did not heed the
// pool's Timeout is lost to the others as well, and longer. A deadline or a
// cancellation of the caller does not count: callers must not be able to put a
// function in quarantine by impatience.
func (w *worker) costs(c *Call, d *Death) bool {
	if w.killedBy == CauseDeadline {
		return w.graceFor == c && c.overdue
	}
	return !d.Expected
}

// charge puts the death of a worker down to the calls of which it died. It
// reports whether one of them is of a function in quarantine: then the death
// was to be expected, and says nothing new about the pool.
//
// Which of several functions killed a worker is not known. If one is in
// quarantine, that one did. Otherwise each is charged, and at most one is put
// in quarantine, the one with the most deaths: a bystander's calls end well
// once the culprit's are refused.
func (k *core) charge(fx *effects, calls []*Call, d *Death, now time.Duration) (known bool) {
	budget := k.budget()
	if budget == 0 || len(calls) == 0 {
		return false
	}
	for _, c := range calls {
		t := &k.funcs[c.Func].toll
		known = known || t.spell > 0
		if t.probed(c) {
			t.deaths++
			k.quarantine(fx, c.Func, min(2*t.spell, quarantineMax), d, now)
		}
	}
	if known {
		return true
	}
	worst := calls[0].Func
	for i, c := range calls {
		if slices.ContainsFunc(calls[:i], func(o *Call) bool { return o.Func == c.Func }) {
			continue
		}
		k.funcs[c.Func].toll.deaths++
		if k.funcs[c.Func].toll.deaths > k.funcs[worst].toll.deaths {
			worst = c.Func
		}
	}
	if k.funcs[worst].toll.deaths >= budget {
		k.quarantine(fx, worst, quarantineMin, d, now)
	}
	return false
}

// quarantine refuses the calls of a function from now on, and ends those that
// no worker has started.
func (k *core) quarantine(fx *effects, fn int, spell time.Duration, d *Death, now time.Duration) {
	t := &k.funcs[fn].toll
	if t.spell == 0 {
		k.poisoned++
	}
	t.spell, t.until, t.since = spell, now+spell, k.seq
	t.reason = t.why(d)
	fx.news.quarantines = append(fx.news.quarantines, Quarantine{k.cfg.Funcs[fn], t.deaths, spell, t.reason})
	for c := k.queue.head; c != nil; {
		next := c.inQueue.next
		if c.Func == fn {
			k.queue.remove(c)
			k.turnAway(fx, c, now)
		}
		c = next
	}
	for _, w := range k.workers {
		for _, c := range k.held(w) {
			if c.Func == fn && k.revoke(w, c, now) {
				k.takeBack(fx, w, c, now)
				c.notStarted()
				k.turnAway(fx, c, now)
			}
		}
	}
}

// why says for what the function is in quarantine.
func (t *toll) why(last *Death) string {
	if t.deaths == 1 {
		return "a worker died of its call: " + last.String()
	}
	return fmt.Sprintf("%d workers in a row died of its calls, the last one %v", t.deaths, last)
}

// readmit forgets what the calls of a function have cost, and ends its
// quarantine.
func (k *core) readmit(fx *effects, fn int, why string) {
	t := &k.funcs[fn].toll
	if t.spell > 0 {
		k.poisoned--
		fx.news.quarantines = append(fx.news.quarantines, Quarantine{Func: k.cfg.Funcs[fn], Reason: why})
	}
	*t = toll{}
}

// Why a function was readmitted.
const (
	readmitSuccess = "success" // a call has ended, and its worker lives
	readmitRequest = "request" // Readmit
	readmitRenewed = "recycle" // all workers are replaced: what was wrong with them may be over
	readmitBudget  = "budget"  // the pool has no CrashBudget any more
)

// readmitAll is readmit for all functions.
func (k *core) readmitAll(fx *effects, why string) {
	for i := range k.funcs {
		k.readmit(fx, i, why)
	}
}

// inQuarantine returns the names of the functions in quarantine.
func (k *core) inQuarantine() (names []string) {
	if k.poisoned == 0 {
		return nil
	}
	for i := range k.funcs {
		if k.funcs[i].toll.spell > 0 {
			names = append(names, k.cfg.Funcs[i])
		}
	}
	return names
}

// A Quarantine says that a function is in quarantine, anew or for longer, or no
// more.
type Quarantine struct {
	Func   string
	Deaths int           // workers that died of its calls, in a row
	For    time.Duration // until a call is let through; 0 = it is readmitted
	Reason string        // for the quarantine; for its end "success", "request", "recycle" or "budget"
}

// Readmit ends the quarantine of the named functions, or of all if none is
// named, and forgets what their calls have cost. If one of the names is
// unknown, it does nothing.
func (p *Pool) Readmit(names ...string) (err error) {
	p.step(func(k *core, fx *effects, _ time.Duration) {
		if len(names) == 0 {
			k.readmitAll(fx, readmitRequest)
		}
		var known []int
		for _, name := range names {
			fn := slices.Index(k.cfg.Funcs, name)
			if fn < 0 {
				err = fmt.Errorf("pool %s has no function %q: it has %s", k.cfg.Name, name, strings.Join(k.cfg.Funcs, ", "))
				return
			}
			known = append(known, fn)
		}
		for _, fn := range known {
			k.readmit(fx, fn, readmitRequest)
		}
	})
	return err
}
