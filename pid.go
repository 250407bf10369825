package legion

import (
	"os"

	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/plugin"
)

// PIDPolicy says whether the process id of a daemon may change in an upgrade.
type PIDPolicy int

const (
	// PIDAuto keeps it where another process may wait for it: in process 1, which
	// is its container, and as long as the process that started the daemon is still
	// its parent: a shell, a service manager, an init. It changes in the
	// background, where that one has ended, and where a plugin tells the service
	// manager of the new one ([plugin.PIDTeller]).
	PIDAuto PIDPolicy = iota
	// PIDStays keeps it.
	PIDStays
	// PIDMayChange lets it change, in process 1 too: whoever started the daemon
	// follows it.
	PIDMayChange
)

// pidStays says why the process id must stay in an upgrade; "" if it may
// change.
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
	return takeover.Awaited()
}
