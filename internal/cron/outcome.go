package cron

// Outcome is how a run of a job ended.
type Outcome int

const (
	Skipped Outcome = iota // it was not run after all
	OK
	Failed
	Panicked

	outcomes int = iota // how many there are
)

// String returns "skipped", "ok", "error" or "panicked".
func (o Outcome) String() string {
	return [outcomes]string{"skipped", "ok", "error", "panicked"}[o]
}

// OutcomeOf returns the outcome of a function that has returned err, which
// may stand for a panic.
func OutcomeOf(err error, panicked bool) Outcome {
	switch {
	case panicked:
		return Panicked
	case err != nil:
		return Failed
	}
	return OK
}
