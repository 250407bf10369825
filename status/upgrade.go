package status

import "log/slog"

// Upgrade tells what an upgrade has done, or what an upgrade in place is about to
// do.
type Upgrade struct {
	PID     int     `json:"pid"`      // of the process that is the daemon from then on
	Old     int     `json:"old_pid"`  // of the one before
	InPlace bool    `json:"in_place"` // it is the same process
	From    Release `json:"from"`
	To      Release `json:"to"`
}

// Release is a program, as an upgrade goes from one to another.
type Release struct {
	Version string `json:"version"` // see Config.Version
	Program string `json:"program"` // path of its file, with links resolved
}

// LogValue is how a release stands in the log.
func (r Release) LogValue() slog.Value { return slog.StringValue(r.Version + " " + r.Program) }
