package legion

import (
	"fmt"
	"sync"
	"time"
)

const (
	// unheardGrace is how long a program has, after the end of a call, to ask for
	// it: it may be about to, in the very next line.
	unheardGrace = 100 * time.Millisecond

	// maxUnheard bounds the failures that wait for that; more are only counted.
	maxUnheard = 1024

	// maxUnheardReports bounds the reports of them that wait for the loop.
	maxUnheardReports = 16
)

// unheardCall is a future that has failed.
type unheardCall interface {
	unheardEnd() (where string, err error)
}

// unheard are calls made with Go that have failed without that anything had asked
// for their end. Each is kept for one to two graces; if nothing has asked by then,
// it is reported: see [Future].
type unheard struct {
	mu         sync.Mutex
	fresh, old []unheardCall
	more       int  // beyond maxUnheard
	armed      bool // look is to be called
}

func (u *unheard) add(d *Daemon, f unheardCall) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.fresh) == maxUnheard {
		u.more++
	} else {
		u.fresh = append(u.fresh, f)
	}
	if !u.armed {
		u.armed = true
		time.AfterFunc(unheardGrace, func() { u.look(d) })
	}
}

// look reports those whose time is over.
func (u *unheard) look(d *Daemon) {
	u.mu.Lock()
	over, more := u.old, 0
	if u.old, u.fresh = u.fresh, nil; len(u.old) > 0 {
		time.AfterFunc(unheardGrace, func() { u.look(d) })
	} else {
		u.armed = false
		more, u.more = u.more, 0
	}
	u.mu.Unlock()
	d.soon("failures of calls made with Go", maxUnheardReports, func() { reportUnheard(d, over, more) })
}

// end reports all that are left, before the loop ends.
func (u *unheard) end(d *Daemon) {
	u.mu.Lock()
	over, more := append(u.old, u.fresh...), u.more
	u.old, u.fresh, u.more = nil, nil, 0
	u.mu.Unlock()
	d.post(func() { reportUnheard(d, over, more) })
}

// reportUnheard runs on the loop.
func reportUnheard(d *Daemon, over []unheardCall, more int) {
	for _, f := range over {
		if where, err := f.unheardEnd(); err != nil {
			d.reportAs("a call failed, and nothing has asked for its end", where, err, false)
		}
	}
	if more > 0 {
		d.reportAs("calls failed, and nothing has asked for their ends", "calls made with Go", fmt.Errorf("%d more in a short time", more), false)
	}
}
