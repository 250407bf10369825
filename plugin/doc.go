// Package plugin holds what a plugin of a daemon may implement beside its name.
//
// A plugin is a value with a method Name that Daemon.Use adds to a daemon: a
// lock, a configuration, a connection. Legion looks whether it implements the
// interfaces below, each with one task, and calls their methods at the moment
// that their documentation names. A plugin that needs the daemon itself
// implements legion.Attacher.
//
//   - life.go: Starter, Stopper, Reloader, Restorer, Checker, RestartGuard,
//     PIDTeller
//   - report.go: StatsReporter, LockReporter, SettingsReporter,
//     RestartReporter, Watchdog
package plugin
