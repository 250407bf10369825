package status

import "time"

// Cron is a function that Cron or Every calls.
type Cron struct {
	Name    string     `json:"name"` // "cron 0 3 * * *", "every 1s"; the second of the same name is "every 1s #2"
	Spec    string     `json:"spec"`
	Next    *time.Time `json:"next"` // null for Every, whose next call is due an interval after the last
	Runs    uint64     `json:"runs"`
	Missed  uint64     `json:"missed"`
	Pending bool       `json:"pending"` // it is due, and waits for the loop or runs

	// Outcomes divides the runs of Cron that have ended: ok, error, panicked, or
	// skipped, because a handler of PreExecute stopped it or the daemon stopped.
	// It is nil for Every.
	Outcomes map[string]uint64 `json:"outcomes,omitempty"`
	LastOK   *time.Time        `json:"last_ok,omitempty"` // the end of the last run that was ok; nil: none was, or Every
}
