package legion

import (
	"context"
	"maps"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/signals"
	"github.com/legion-go/legion/internal/strictjson"
)

// SignalAction is what Run does with a signal.
type SignalAction int

const (
	// SignalDefault makes an event of the signal and then does what is built in.
	SignalDefault SignalAction = iota
	// SignalEvent makes an event of it and nothing else.
	SignalEvent
	// SignalIgnore has the system throw it away.
	SignalIgnore
	// SignalSystem leaves it to the system, as in any Go program.
	SignalSystem
)

// actions says what Run does with which signals.
func (d *Daemon) actions() map[syscall.Signal]SignalAction {
	wanted := map[syscall.Signal]SignalAction{}
	for _, s := range signals.BuiltIn {
		wanted[s] = SignalDefault
	}
	for _, s := range signals.EventsOnly {
		wanted[s] = SignalEvent
	}
	for s, a := range d.config.Signals {
		wanted[s] = a
	}
	return wanted
}

// checkSignals says which signals of Signals Run cannot take as it should.
func (c *Config) checkSignals(k *checks) {
	for _, s := range slices.Sorted(maps.Keys(c.Signals)) {
		a := c.Signals[s]
		name := event.Signal{Signal: s}.Name()
		why := signals.Untakeable(s)
		switch {
		case a < SignalDefault || a > SignalSystem:
			k.that(false, "Signals", "has %v for %s, which is not an action: use SignalDefault, SignalEvent, SignalIgnore or SignalSystem", a, name)
		case s == syscall.SIGCHLD && a == SignalIgnore:
			k.that(false, "Signals", "ignores SIGCHLD: the kernel would throw the exit codes of all children away; leave it out")
		case why != "" && (a != SignalSystem || signals.Never(s)):
			k.that(false, "Signals", "has %s, which cannot be taken: %s; leave it out", name, why)
		}
	}
}

// notify has the signals delivered that Run takes.
func (d *Daemon) notify(to chan<- os.Signal) {
	for s, a := range d.actions() {
		switch a {
		case SignalIgnore:
			signal.Ignore(s)
		case SignalDefault, SignalEvent:
			signal.Notify(to, s)
		}
	}
}

// watchSignals takes signals until over is closed. It never waits for the loop:
// that may hang, and a daemon must be able to end all the same.
func (d *Daemon) watchSignals(signals <-chan os.Signal, over <-chan struct{}) {
	counts := map[syscall.Signal]int{}
	ends := 0 // signals that end the daemon
	for {
		select {
		case s := <-signals:
			sig := s.(syscall.Signal)
			counts[sig]++
			if d.ends(sig) {
				if d.life.State() >= life.Stopping {
					d.life.ForGood() // no handler is asked any more
				}
				if ends++; ends > 1 {
					d.life.ForGood()
					d.begin(sig.String())
					d.life.Hasten()
				}
			}
			name := event.Signal{Signal: sig}.Name()
			// Each has its own limit: a flood of one hides no other.
			limit := d.log.LimitOf("signal: "+name, errorRate, errorBurst, func(n uint64) {
				d.log.Info("received a signal, again and again: records were left out", "signal", name, "count", n)
			})
			if limit.Take(1) {
				d.log.Info("received a signal", "signal", name)
			}
			if s := (event.Signal{Signal: sig, Count: counts[sig]}); !d.signals.held.Keep(sig, s) {
				d.received(s)
			}
		case <-over:
			return
		}
	}
}

// hold has the signals that Run takes thrown away until the next Run takes
// them, in the program that a restart executes: some would end it before. Those
// that end the daemon are to.
func (d *Daemon) hold() {
	for s, a := range d.actions() {
		if (a == SignalDefault || a == SignalEvent) && !d.ends(s) {
			signal.Ignore(s)
		}
	}
}

// endedBy reports whether one of the signals that have come and were not looked
// at ends the daemon.
func (d *Daemon) endedBy(signals <-chan os.Signal) bool {
	for {
		select {
		case s := <-signals:
			if d.ends(s.(syscall.Signal)) {
				return true
			}
		default:
			return false
		}
	}
}

// ends reports whether s stops the daemon by default.
func (d *Daemon) ends(s syscall.Signal) bool {
	return (s == syscall.SIGTERM || s == syscall.SIGINT) && d.config.Signals[s] == SignalDefault
}

// received hands a signal to its handlers, and then does what is built in. If
// the loop does not come to the handlers of a signal that ends the daemon, they
// are not waited for. Such a signal ends a start at once: handlers are not
// asked, the loop is busy with Init then.
func (d *Daemon) received(s event.Signal) {
	by := time.Now().Add(d.config.StopTimeout) // asking the handlers is a part of it
	if d.ends(s.Signal) && d.life.State() == life.Starting {
		d.life.ForGood()
		d.life.Begin(s.Name(), by)
		return
	}
	taken := make(chan struct{})
	// One that finds no room is one of many of the same that wait already.
	d.turns.Add("signal "+s.Name(), maxSignals, func() {
		close(taken)
		if !emitHere(d.life.Live(), d, s) && d.config.Signals[s.Signal] == SignalDefault {
			d.obey(s, by)
		}
	})
	if d.ends(s.Signal) {
		go func() {
			patience := time.NewTimer(min(d.config.StopTimeout/4, time.Second))
			defer patience.Stop()
			select {
			case <-taken:
			case <-d.life.Stopped():
			case <-patience.C:
				d.log.Warn("the loop is busy: stopping without asking the handlers", "signal", s.Name())
				d.life.ForGood()
				d.life.Begin(s.Name(), by)
			}
		}()
	}
}

// obey does what is built in for a signal. A stop is to be over by the given
// time.
func (d *Daemon) obey(s event.Signal, by time.Time) {
	switch s.Signal {
	case syscall.SIGTERM, syscall.SIGINT:
		d.life.ForGood()
		d.life.Begin(s.Name(), by)
	case syscall.SIGHUP:
		d.onceRunning("reload", d.Reload)
	case syscall.SIGUSR2:
		d.onceRunning("upgrade", d.Upgrade)
	case syscall.SIGUSR1:
		d.dumpStats()
	}
}

// heard is what signals have asked for and that is not done yet.
type heard struct {
	held   signals.Held[event.Signal] // see HoldSignals
	wishes signals.Wishes
}

// onceRunning does what a signal asks for beside the loop: now, or after the
// start. However often it was asked for, one is under way and one follows it.
func (d *Daemon) onceRunning(what string, do func(context.Context) error) {
	var early, enough bool
	d.life.With(func(now life.State) { // the start ends before this or after it
		early = now == life.Starting
		enough = d.signals.wishes.Add(what, do, early)
	})
	switch {
	case enough:
	case early:
		d.log.Info("the daemon is still starting: the " + what + " follows the start")
	default:
		d.fulfil(what, do)
	}
}

// fulfil does beside the loop what onceRunning has counted.
func (d *Daemon) fulfil(what string, do func(context.Context) error) {
	d.aside(what, func(ctx context.Context) error {
		defer d.signals.wishes.Done(what)
		return do(ctx)
	})
}

// doDeferred does what signals have asked for during the start.
func (d *Daemon) doDeferred() {
	for what, do := range d.signals.wishes.Deferred() {
		d.fulfil(what, do)
	}
}

// The statistics are logged so often, per second and at once.
const (
	dumpRate  = 1
	dumpBurst = 10
)

// dumpStats logs the statistics, as one line of JSON: that of the control
// socket, with durations in seconds. On the loop.
func (d *Daemon) dumpStats() {
	limit := d.log.LimitOf("statistics", dumpRate, dumpBurst, func(n uint64) {
		d.log.Info("the statistics were asked for again and again: records were left out", "count", n)
	})
	if !limit.Take(1) {
		return
	}
	b, err := strictjson.Marshal(d.Stats())
	if err != nil { // of what a plugin has added
		d.log.Error("the statistics cannot be written as JSON", "err", err)
		return
	}
	d.log.Info("statistics", "stats", string(b))
}

// HoldSignals keeps signals that Run takes waiting until release is called: no
// handler is called, and nothing built in is done. One of each that came
// meanwhile has its turn then. It may be called from any goroutine, and again:
// a signal is dealt with when every release has been called. Calling release
// again does nothing.
//
//	release := d.HoldSignals(syscall.SIGHUP) // no reload in between
//	defer release()
//
// A second signal that stops the daemon, SIGTERM or SIGINT, stops it all the
// same. A function of the loop needs none of this: signals wait while it runs.
func (d *Daemon) HoldSignals(all ...syscall.Signal) (release func()) {
	free := d.signals.held.Hold(all)
	return sync.OnceFunc(func() {
		for _, s := range free() {
			d.received(s)
		}
	})
}
