package plugins

import (
	"fmt"
	"time"

	"github.com/legion-go/legion/plugin"
)

// LoopPatience returns the shortest patience of a plugin.Watchdog, or else the
// default.
func (s *Set) LoopPatience(otherwise time.Duration) time.Duration {
	least := time.Duration(0)
	for _, w := range Each[plugin.Watchdog](s) {
		if own := w.LoopPatience(); own > 0 && (least == 0 || own < least) {
			least = own
		}
	}
	if least == 0 {
		return otherwise
	}
	return least
}

// Paths returns the HTTP paths of each plugin.PathServer.
func (s *Set) Paths() (all []plugin.Path) {
	for _, p := range Each[plugin.PathServer](s) {
		all = append(all, p.Paths()...)
	}
	return all
}

// RestartNeeded returns the settings that need a restart, as each
// plugin.RestartReporter tells them.
func (s *Set) RestartNeeded() (keys []string) {
	for _, r := range Each[plugin.RestartReporter](s) {
		keys = append(keys, r.RestartNeeded()...)
	}
	return keys
}

// MayRestart returns the objection of a plugin.RestartGuard, if one has any.
func (s *Set) MayRestart() error {
	for name, r := range Each[plugin.RestartGuard](s) {
		if err := r.MayRestart(); err != nil {
			return fmt.Errorf("plugin %s: %w", name, err)
		}
	}
	return nil
}

// TellsPID reports whether a plugin.PIDTeller tells the service manager which
// process the daemon is.
func (s *Set) TellsPID() bool {
	for _, t := range Each[plugin.PIDTeller](s) {
		if t.TellsPID() {
			return true
		}
	}
	return false
}
