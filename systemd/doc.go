// Package systemd makes a daemon a good service of systemd's: it says when it
// is ready, reloading, stopping or replaced by a new process, feeds the
// watchdog, takes the sockets that systemd has opened for it, and has systemd
// keep descriptors over a restart. [Unit] writes the unit file.
//
//	sd := systemd.New(systemd.Options{})
//	d.Use(sd)
//
// Not started by systemd, it does nothing: nothing has to be configured.
// Started by it, a daemon stays in the foreground: without Config.Background.
//
// # What is said
//
//	Started         READY=1
//	Reload          RELOADING=1 with MONOTONIC_USEC, in one datagram
//	Reloaded        READY=1; an error is told by STATUS
//	PIDChanged      MAINPID of the new process; from then on this one is silent
//	Shutdown        STOPPING=1, and EXTEND_TIMEOUT_USEC until the stop is done
//
// and STATUS with each of them. Messages are sent by a goroutine of their own,
// in order: systemd being slow never holds up the loop.
//
// # The watchdog
//
// If the unit has WatchdogSec, WATCHDOG=1 is sent at half of that time, if
// [legion.Daemon.Healthy] says that the daemon is healthy: no pool has failed,
// and no function has been holding the loop for longer than that half. /readyz
// and the verb status say the same. So a daemon that hangs is killed and
// started again, though its timers run. With or without a watchdog STATUS says
// why a daemon is not healthy.
//
// # Descriptors
//
// Those of socket units, and those that were given to [Service.Store] by an
// earlier process, come by name: [Service.Listeners] and [Service.Files], to be
// called in [legion.Daemon.Init] or later. They survive upgrades, too.
//
// # Environment
//
// [New] takes from the environment what systemd has put there, so that neither
// workers nor other children see it.
//
// # Concurrency
//
// All methods of [Service] are safe for use from any goroutine. It has two
// goroutines while the daemon runs, one that sends and one that looks at its
// health; Stop waits for both.
//
// The protocol: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
package systemd
