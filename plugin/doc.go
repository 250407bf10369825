// Package plugin holds the interfaces that a plugin of a daemon may implement
// beside its name.
//
// A plugin is a value with a method Name that Daemon.Use adds to a daemon: a
// lock, a configuration, a connection. Legion checks which of the interfaces
// below it implements, each with one task, and calls their methods when their
// documentation says. A plugin that needs the daemon itself implements
// legion.Attacher.
//
//   - life.go: Starter, Stopper, Reloader, Restorer, Checker, RestartGuard,
//     PIDTeller
//   - path.go: PathServer, with Path, Request, Methods and Response
//   - report.go: StatsReporter, LockReporter, SettingsReporter,
//     RestartReporter, Watchdog
package plugin
