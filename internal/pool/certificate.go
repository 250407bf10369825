package pool

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/legion-go/legion/status"
)

// A Certificate is all that the pool knows of a death that was not planned.
type Certificate struct {
	status.Death        // without what its keeper adds: Number and Kind
	Argument     []byte // of Call; nil if it is not kept
	Recordings   []Recording
}

// An ending is what the core knows of a death that gets a certificate. The
// shell writes it without the lock.
type ending struct {
	death   *Death
	served  uint64    // calls that ended in it
	calls   []ranCall // the first is the one whose worker died of it, as far as that is known
	moments []moment

	// chief is the first of the calls, if its argument is to be kept. It is held,
	// so that its payload stays until it is copied.
	chief *Call

	member *member // nil in tests of the core

	cfg   Config
	began time.Duration
	at    time.Duration
}

// ranCall is a call that ran in a worker when that died.
type ranCall struct {
	number           uint64
	fn, size         int
	submitted, began time.Duration
	limit            time.Duration // 0 = none
	canceled         time.Duration // 0 = it was not
}

// moment is an entry of a timeline.
type moment struct {
	at   time.Duration // 0 = it has not come
	what string
}

// certify begins the certificate of w's death, of which the calls ran are the
// victims, the newest first. It comes before they are released. An end that was
// planned gets none.
func (k *core) certify(fx *effects, w *worker, d *Death, ran []*Call, now time.Duration) {
	if d.Cause = k.causeOf(w, d); d.Cause == "" || w.certified {
		return
	}
	w.certified = true
	k.deathsBy[d.Cause]++
	e := &ending{death: d, served: w.calls, member: w.member, cfg: k.cfg, began: w.began, at: now}
	slices.Reverse(ran)
	if i := slices.Index(ran, w.graceFor); i > 0 {
		ran[0], ran[i] = ran[i], ran[0]
	}
	for _, c := range ran {
		e.calls = append(e.calls, ranCall{c.seq, c.Func, c.Size(), c.submitted, c.began, c.within(), c.canceledAt})
	}
	e.moments = []moment{{w.began, "spawned"}, {w.readyAt, "ready"}}
	if len(ran) > 0 {
		c := ran[0]
		e.moments = append(e.moments, moment{c.submitted, "submitted"}, moment{c.began, "started"})
		if c.canceling {
			e.moments = append(e.moments, moment{c.canceledAt, cmp.Or(map[Kind]string{Timeout: "deadline", Stopped: "stop"}[kindOf(c.cause)], "cancel")})
			if c.obeyBy <= now {
				e.moments = append(e.moments, moment{c.obeyBy, "grace"})
			}
		}
		if k.cfg.KeepArgument > 0 {
			c.hold()
			e.chief = c
		}
	}
	e.moments = append(e.moments, moment{w.quitAt, "SIGABRT"}, moment{w.killAt, "SIGKILL"})
	if w.state != workerStuck {
		e.moments = append(e.moments, moment{now, "reaped"})
	}
	fx.endings = append(fx.endings, e)
}

// within is the time that c may take from Submit on, 0 for any.
func (c *Call) within() time.Duration {
	if of := c.deadline - c.submitted; c.deadline > 0 && (c.Limit == 0 || of < c.Limit) {
		return of
	}
	return c.Limit
}

// certify writes the certificates of deaths and has them kept. The calls that
// died are answered later: so their callers find the certificates.
func (p *Pool) certify(endings []*ending) {
	for _, e := range endings {
		var c Certificate
		if e.chief != nil {
			c.Argument, c.NoArgument = e.argument()
			e.chief.letGo()
		}
		if p.hooks.Certified == nil {
			continue
		}
		c.Recordings = e.member.recordings(e)
		e.write(&c, p.wall())
		e.death.Number, e.death.NewKind = p.hooks.Certified(&c)
		e.death.Why = c.Why
	}
}

// argument returns a copy of the argument, or why there is none.
func (e *ending) argument() (arg []byte, why string) {
	switch c := e.chief; {
	case len(c.In) > 0:
		return nil, "it holds a Buffer"
	case len(c.Payload) > e.cfg.KeepArgument:
		return nil, fmt.Sprintf("it has %d bytes, and Pool.KeepArgument is %d", len(c.Payload), e.cfg.KeepArgument)
	default:
		return append(make([]byte, 0, len(c.Payload)), c.Payload...), ""
	}
}

// write writes all but the argument.
func (e *ending) write(c *Certificate, at func(time.Duration) time.Time) {
	d := e.death
	c.Death = status.Death{
		Time: at(e.at), Pool: e.cfg.Name, Worker: d.Worker, PID: d.PID, Cause: d.Cause, Expected: d.Expected, Code: d.Code,
		Frame: d.frame(), Age: e.at - e.began, Calls: e.served,
		User: d.Usage.User, System: d.Usage.System, MaxRSS: d.Usage.MaxRSS, MemoryLimit: d.Limit,
		Stack: d.Stack, Stderr: d.Stderr, Argument: c.Argument != nil, NoArgument: c.NoArgument,
	}
	if d.Signal != 0 {
		c.Signal = signalName(d.Signal)
	}
	for _, r := range e.calls {
		c.Others = append(c.Others, status.DeathCall{
			Number: r.number, Func: e.cfg.Funcs[r.fn], Queued: at(r.submitted), Started: at(r.began),
			Wait: r.began - r.submitted, Run: e.at - r.began, Arg: r.size, Timeout: r.limit,
		})
	}
	if len(e.calls) > 0 {
		c.Call, c.Others = &c.Others[0], c.Others[1:]
	}
	slices.SortStableFunc(e.moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	for _, m := range e.moments {
		if m.at != 0 {
			c.Timeline = append(c.Timeline, status.Moment{At: at(m.at), What: m.what})
		}
	}
	c.Why = e.why(c.Frame)
}
