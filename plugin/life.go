package plugin

import "context"

// Starter is started with the daemon, before Init and the workers, in the
// daemon's process alone. Plugins start in the order of Use; an error stops the
// start.
type Starter interface {
	Start(ctx context.Context) error
}

// Stopper is stopped with the daemon, after its workers and Teardown. Only
// plugins that were started are stopped, in reverse order. The context ends
// when Config.StopTimeout is over.
type Stopper interface {
	Stop(ctx context.Context) error
}

// Reloader is called by Daemon.Reload, in the order of Use. Daemon.Reload
// returns its error; the other plugins are reloaded all the same.
type Reloader interface {
	Reload(ctx context.Context) error
}

// Restorer is a plugin with files that must stay where they are while the
// daemon runs, a lock for instance. Legion calls Restore when a file is removed
// from one of their folders or renamed, and at each reload. Restore puts back
// the missing files and returns their paths. Legion makes one call at a time,
// and none during an upgrade.
type Restorer interface {
	Files() []string
	Restore(ctx context.Context) (back []string, err error)
}

// Checker is a plugin that can tell, without opening or changing anything, what
// would keep it from starting, such as a configuration. Daemon.Check calls it.
type Checker interface{ Check() error }

// RestartGuard is asked before a restart in the same process. Its error refuses
// the restart.
type RestartGuard interface{ MayRestart() error }

// PIDTeller is a plugin that may tell a service manager which process the
// daemon is after an upgrade. TellsPID reports whether it does so in this run.
type PIDTeller interface{ TellsPID() bool }
