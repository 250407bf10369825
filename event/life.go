package event

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Init is emitted after the functions given to Daemon.Init have run.
type Init struct{}

// Started is emitted when the daemon is ready: its workers serve, and its loops
// begin.
type Started struct{}

// Signal is emitted when the daemon receives a signal. StopPropagation prevents
// the default action of Run: SIGTERM and SIGINT stop, SIGHUP reloads, SIGUSR2
// upgrades, SIGUSR1 logs the statistics. A second SIGTERM or SIGINT ends the
// daemon regardless of what a handler returns, and so does the first while the
// daemon starts. A reload or an upgrade requested during the start follows it.
//
// Workers ignore SIGTERM, SIGINT, SIGHUP and SIGQUIT, which may be sent to all
// processes of a daemon: the daemon tells its workers what to do. The code of a
// worker can still listen to them with package os/signal, and a program that a
// worker executes has the default actions.
type Signal struct {
	Signal syscall.Signal
	Count  int // how many times the daemon has received it, this time included
}

// Name returns the name of the signal, "SIGTERM" for instance.
func (s Signal) Name() string { return unix.SignalName(s.Signal) }

// Reload is emitted when Daemon.Reload begins.
type Reload struct{}

// Reloaded is emitted when Daemon.Reload ends.
type Reloaded struct{ Err error }

// AutoRestart is emitted before the daemon restarts itself because of
// Config.RestartEvery or Config.MinUptime. StopPropagation prevents the
// restart.
type AutoRestart struct{ Reason string }

// PIDChanged is emitted in the old process of an upgrade when the new one takes
// over. Before a restart, or an upgrade in place, it is emitted with the same
// number twice, when this process has finished its calls and is about to
// execute the next program.
type PIDChanged struct{ Old, New int }

// Shutdown is emitted when the daemon begins to stop. Its listeners are closed,
// and calls still work until the handlers of Shutdown have returned. The
// context of the handlers ends after half of Config.StopTimeout, or an eighth
// of it after the servers of Daemon.Serve have ended, if that is later.
type Shutdown struct {
	Reason string
	// Again reports whether the daemon then starts again in this process, because
	// of Daemon.Restart or an upgrade in place.
	Again bool
}
