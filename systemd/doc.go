// Package systemd makes a daemon a service of systemd: it reports when the
// daemon is ready, reloading, stopping or replaced by a new process, feeds the
// watchdog, takes the sockets that systemd has opened for it, and makes systemd
// keep descriptors over a restart. [Unit] writes the unit file.
//
//	sd := systemd.New(systemd.Options{})
//	d.Use(sd)
//
// If systemd did not start the daemon, it does nothing, so it needs no
// configuration. Under systemd a daemon stays in the foreground: leave out
// Config.Background.
//
// # Messages
//
//	Started         READY=1
//	Reload          RELOADING=1 with MONOTONIC_USEC, in one datagram
//	Reloaded        READY=1; STATUS has the error, if any
//	PIDChanged      MAINPID of the new process; then this one sends nothing more
//	Shutdown        STOPPING=1, and EXTEND_TIMEOUT_USEC until the stop is done
//
// and STATUS with each of them. A goroutine of its own sends the messages, in
// order: a slow systemd never holds up the loop.
//
// # The watchdog
//
// If the unit has WatchdogSec, WATCHDOG=1 is sent at half of that time, if
// [legion.Daemon.Healthy] says that the daemon is healthy: no pool has failed,
// and no function has been holding the loop for longer than that half. /readyz
// and the verb status say the same. So a daemon that hangs is killed and
// started again, even if its timers run. With or without a watchdog STATUS says
// why a daemon is not healthy.
//
// # Descriptors
//
// [Service.Listeners] and [Service.Files] return by name the descriptors of
// socket units, and those that an earlier process gave to [Service.Store]. Call
// them in [legion.Daemon.Init] or later. They survive upgrades, too.
//
// # Environment
//
// [New] removes systemd's variables from the environment, so that neither
// workers nor other children see them.
//
// # Concurrency
//
// All methods of [Service] are safe for use from any goroutine. It has two
// goroutines while the daemon runs, one that sends and one that checks the
// daemon's health; Stop waits for both.
//
// The protocol: sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3).
package systemd
