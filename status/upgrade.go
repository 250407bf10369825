package status

import "log/slog"

// Upgrade is the result of an upgrade, or the plan of an upgrade in place.
type Upgrade struct {
	PID     int     `json:"pid"`      // of the process that is the daemon after the upgrade
	Old     int     `json:"old_pid"`  // of the previous process
	InPlace bool    `json:"in_place"` // both are the same process
	From    Release `json:"from"`
	To      Release `json:"to"`
}

// Release is a program before or after an upgrade.
type Release struct {
	Version string `json:"version"` // see Config.Version
	Program string `json:"program"` // path of its file, with links resolved
}

// LogValue returns the release as the log shows it.
func (r Release) LogValue() slog.Value { return slog.StringValue(r.Version + " " + r.Program) }
