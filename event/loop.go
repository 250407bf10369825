package event

import "time"

// Idle is emitted when the loop has nothing to do until its next tick or event.
type Idle struct{}

// PreExecute is emitted before each call of a function given to Daemon.Every or
// Daemon.Cron. StopPropagation skips the call.
type PreExecute struct{ Loop string }

// PostExecute is emitted after each call of a function given to Daemon.Every or
// Daemon.Cron. With StopPropagation the next call comes at once.
type PostExecute struct {
	Loop string
	Took time.Duration
	Err  error
}

// Overrun is emitted when a call takes longer than the interval of its loop.
type Overrun struct {
	Loop           string
	Took, Interval time.Duration
}

// Failure is emitted for an error or a panic of a function on the loop, for an
// error given to Daemon.Report, and for a failed call whose future the program
// does not read (see legion.Future). StopPropagation keeps it out of the log.
type Failure struct {
	Where string
	Err   error
	Stack string // of a panic, or of a worker that died; "" otherwise
}
