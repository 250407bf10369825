package legion

import (
	"fmt"
	"os"

	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/plugin"
)

// PIDPolicy says whether the process id of a daemon may change in an upgrade.
type PIDPolicy int

const (
	// PIDAuto keeps it where another process may wait for it: in process 1, which is
	// its container, and as long as the process that started the daemon is still its
	// parent: a shell, a service manager, an init. It changes in the background,
	// where that one has ended, and where a plugin tells the service manager of the
	// new one ([plugin.PIDTeller]).
	PIDAuto PIDPolicy = iota
	// PIDStays keeps it.
	PIDStays
	// PIDMayChange lets it change, in process 1 too: whoever started the daemon
	// follows it.
	PIDMayChange
)

// starter is the process that started this one.
var starter = os.Getppid()

// pidStays says why the process id must stay in an upgrade; "" if it may change.
func (d *Daemon) pidStays() string {
	switch d.config.PID {
	case PIDMayChange:
		return ""
	case PIDStays:
		return "Config.PID says so"
	}
	for _, t := range plugins.Each[plugin.PIDTeller](&d.plugins) {
		if os.Getpid() != 1 && t.TellsPID() {
			return ""
		}
	}
	return awaited()
}

// awaited says who may wait for this process, to whom its end is the daemon's; ""
// if there is none.
func awaited() string {
	h := takeover.Inherited()
	switch {
	case os.Getpid() == 1:
		return "it is process 1, with which its container ends"
	case h != nil && h.Kind != takeover.InPlace: // another process has decided that it may have a new one
		return ""
	case h != nil && carried().free:
		return ""
	case os.Getppid() != starter: // an orphan
		return ""
	}
	return fmt.Sprintf("process %d, which started it, may wait for it", starter)
}
