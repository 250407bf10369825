package signals

import (
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// Plan says what becomes of signals. Those that it does not name are left to
// the system.
type Plan struct {
	Taken   []syscall.Signal // come to the daemon
	Ending  []syscall.Signal // … and end it by default
	Ignored []syscall.Signal // are discarded by the system
}

// Ends reports whether s ends the daemon by default.
func (p *Plan) Ends(s syscall.Signal) bool { return slices.Contains(p.Ending, s) }

// Notify asks the system for the signals.
func (p *Plan) Notify(to chan<- os.Signal) {
	for _, s := range p.Ignored {
		signal.Ignore(s)
	}
	for _, s := range p.Taken {
		signal.Notify(to, s)
	}
}

// Hold ignores the taken signals until the next Notify, in the program that a
// restart executes: some would end it before. Signals that end the daemon keep
// their effect.
func (p *Plan) Hold() {
	for _, s := range p.Taken {
		if !p.Ends(s) {
			signal.Ignore(s)
		}
	}
}

// EndedBy reports whether one of the pending signals ends the daemon. It takes
// those before it.
func (p *Plan) EndedBy(pending <-chan os.Signal) bool {
	for {
		select {
		case s := <-pending:
			if p.Ends(s.(syscall.Signal)) {
				return true
			}
		default:
			return false
		}
	}
}
