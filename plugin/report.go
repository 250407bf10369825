package plugin

import (
	"time"

	"github.com/legion-go/legion/status"
)

// StatsReporter adds what its Stats method returns to status.Stats.Plugins.
// Legion calls the method on a separate goroutine, and waits for it at most a
// tenth of a second.
type StatsReporter interface{ Stats() any }

// LockReporter is a plugin that is a lock. Lock tells which process holds it.
// It may be called in a process that did not start the daemon: the command line
// does so before it reports a daemon that does not answer as stopped.
type LockReporter interface{ Lock() status.Lock }

// SettingsReporter is a plugin that is a configuration, such as the one of
// package config. Show returns its settings, with secrets masked.
type SettingsReporter interface{ Show() []status.Setting }

// RestartReporter is a plugin with settings that take effect only after a
// restart: a configuration. RestartNeeded returns the keys of those that a
// reload has changed since the start. The log and the verbs reload and status
// name them.
type RestartReporter interface{ RestartNeeded() []string }

// Watchdog is a plugin that speaks for a service manager which ends an
// unhealthy daemon, systemd for instance. LoopPatience returns how long one
// function may hold the loop before Daemon.Healthy reports it; 0 leaves it at
// 10 s. It must return at once.
type Watchdog interface{ LoopPatience() time.Duration }
