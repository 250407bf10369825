package legion

import (
	"context"
	"maps"
	"os"
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
	// SignalDefault emits an event for the signal, then takes the built-in action.
	SignalDefault SignalAction = iota
	// SignalEvent only emits an event.
	SignalEvent
	// SignalIgnore makes the system discard the signal.
	SignalIgnore
	// SignalSystem leaves the signal to the system, as in any Go program.
	SignalSystem
)

// actions returns what Run does with each signal.
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

// plan returns which signals Run takes.
func (d *Daemon) plan() (p signals.Plan) {
	for s, a := range d.actions() {
		switch a {
		case SignalIgnore:
			p.Ignored = append(p.Ignored, s)
		case SignalDefault, SignalEvent:
			p.Taken = append(p.Taken, s)
		}
		if d.ends(s) {
			p.Ending = append(p.Ending, s)
		}
	}
	return p
}

// ends reports whether s stops the daemon by default.
func (d *Daemon) ends(s syscall.Signal) bool {
	return (s == syscall.SIGTERM || s == syscall.SIGINT) && d.config.Signals[s] == SignalDefault
}

// checkSignals refuses signals and actions that Run cannot support.
func (c *Config) checkSignals(k *checks) {
	for _, s := range slices.Sorted(maps.Keys(c.Signals)) {
		a := c.Signals[s]
		name := event.Signal{Signal: s}.Name()
		why := signals.Untakeable(s)
		switch {
		case a < SignalDefault || a > SignalSystem:
			k.that(false, "Signals", "has %v for %s, which is not an action: use SignalDefault, SignalEvent, SignalIgnore or SignalSystem", a, name)
		case s == syscall.SIGCHLD && a == SignalIgnore:
			k.that(false, "Signals", "ignores SIGCHLD: the kernel would discard the exit codes of all children; leave it out")
		case why != "" && (a != SignalSystem || signals.Never(s)):
			k.that(false, "Signals", "has %s, which cannot be handled: %s; leave it out", name, why)
		}
	}
}

// watchSignals handles signals until over is closed. It never waits for the
// loop, which may hang: the daemon must be able to end even then.
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
					d.life.ForGood() // handlers are no longer asked
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
				d.log.Info("received a signal repeatedly: records were left out", "signal", name, "count", n)
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

// received calls the handlers of a signal, then takes the built-in action. A
// signal that ends the daemon does not wait long for a busy loop to call its
// handlers. It ends a start at once, without handlers: the loop is busy with
// Init then.
func (d *Daemon) received(s event.Signal) {
	by := time.Now().Add(d.config.StopTimeout) // asking the handlers is a part of it
	if d.ends(s.Signal) && d.life.State() == life.Starting {
		d.life.ForGood()
		d.life.Begin(s.Name(), by)
		return
	}
	taken := make(chan struct{})
	// If there is no room, many of the same signal already wait.
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

// obey takes the built-in action for a signal. A stop must be over by the given
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

// heard holds what signals have asked for and the daemon has not done yet.
type heard struct {
	held   signals.Held[event.Signal] // see HoldSignals
	wishes signals.Wishes
}

// onceRunning does what a signal asks for, not on the loop: now, or after the
// start. Of many requests, one runs and one follows it.
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

// fulfil does what onceRunning has counted, not on the loop.
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

// These limit how often the statistics are logged: per second, and in a burst.
const (
	dumpRate  = 1
	dumpBurst = 10
)

// dumpStats logs the statistics as one line of JSON, as on the control socket,
// with durations in seconds. It runs on the loop.
func (d *Daemon) dumpStats() {
	limit := d.log.LimitOf("statistics", dumpRate, dumpBurst, func(n uint64) {
		d.log.Info("the statistics were requested repeatedly: records were left out", "count", n)
	})
	if !limit.Take(1) {
		return
	}
	b, err := strictjson.Marshal(d.Stats())
	if err != nil { // in values that a plugin added
		d.log.Error("the statistics cannot be written as JSON", "err", err)
		return
	}
	d.log.Info("statistics", "stats", string(b))
}

// HoldSignals makes signals that Run handles wait until release is called: no
// handler and no built-in action runs. Then one of each signal that came
// meanwhile is handled. It may be called from any goroutine, and several times:
// a signal is handled when every release has been called. Calling release again
// does nothing.
//
//	release := d.HoldSignals(syscall.SIGHUP) // no reload in between
//	defer release()
//
// A second signal that stops the daemon, SIGTERM or SIGINT, stops it
// regardless. A function on the loop does not need HoldSignals: signals wait
// while it runs.
func (d *Daemon) HoldSignals(all ...syscall.Signal) (release func()) {
	free := d.signals.held.Hold(all)
	return sync.OnceFunc(func() {
		for _, s := range free() {
			d.received(s)
		}
	})
}
