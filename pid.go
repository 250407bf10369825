package legion

import (
	"os"

	"github.com/legion-go/legion/internal/takeover"
)

// PIDPolicy says whether the process id of a daemon may change in an upgrade.
type PIDPolicy int

const (
	// PIDAuto keeps it if another process may depend on it: in process 1 of a
	// container, and while the process that started the daemon is still its parent:
	// a shell, a service manager, an init. It changes in the background, where that
	// process has ended, and if a plugin tells the service manager the new id
	// ([plugin.PIDTeller]).
	PIDAuto PIDPolicy = iota
	// PIDStays keeps it.
	PIDStays
	// PIDMayChange lets it change, in process 1 too: the process that started the
	// daemon must cope with that.
	PIDMayChange
)

// pidStays returns why the process id must not change in an upgrade; "" if it
// may.
func (d *Daemon) pidStays() string {
	switch d.config.PID {
	case PIDMayChange:
		return ""
	case PIDStays:
		return "Config.PID says so"
	}
	if os.Getpid() != 1 && d.plugins.TellsPID() {
		return ""
	}
	return takeover.Awaited()
}
