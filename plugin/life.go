package plugin

import "context"

// Starter is started with the daemon, before Init and the workers, in the
// daemon's process alone. Plugins start in the order of Use; an error stops the
// start.
type Starter interface {
	Start(ctx context.Context) error
}

// Stopper is stopped with the daemon, after its workers and Teardown. Plugins
// stop in reverse order, and only those that were started. The context ends
// with what is left of Config.StopTimeout.
type Stopper interface {
	Stop(ctx context.Context) error
}

// Reloader is called by Daemon.Reload, in the order of Use. Reload returns its
// error; the other plugins are reloaded all the same.
type Reloader interface {
	Reload(ctx context.Context) error
}

// Restorer is a plugin with files that must stay where they are while the
// daemon runs, a lock for instance. Legion calls Restore when a file is removed
// from one of their folders or renamed, and at each reload. Restore puts back
// what is missing and returns the paths of that. Calls come one at a time, and
// not during an upgrade.
type Restorer interface {
	Files() []string
	Restore(ctx context.Context) (back []string, err error)
}

// Checker is a plugin that can tell, without opening or changing anything, what
// would keep it from starting: a configuration, for instance. Daemon.Check
// calls it.
type Checker interface{ Check() error }

// RestartGuard is asked before a restart in the same process. Its error refuses
// the restart.
type RestartGuard interface{ MayRestart() error }

// PIDTeller is a plugin that may tell a service manager which process the
// daemon is after an upgrade. TellsPID reports whether it does so in this run.
type PIDTeller interface{ TellsPID() bool }
