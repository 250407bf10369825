package legion

import (
	"log/slog"
	"syscall"
	"time"
)

// Config says what a daemon is. Its zero value, but for Name, is usable.
type Config struct {
	// Name tells the daemon apart from others: in logs, in ps, in the names of
	// its files. Letters, digits, '.', '_' and '-'; at most 64. Required.
	Name string

	// StopTimeout bounds how long stopping takes: calls that run are finished
	// first, cancelled when little of it is left, and killed in the end. Default
	// 10 s.
	StopTimeout time.Duration

	// MinPause is the time between two calls of a function given to Every with
	// interval 0, in which others have their turn. Default 1 ms.
	MinPause time.Duration

	// Signals changes what Run does with signals; see [Signal] for the default.
	Signals map[syscall.Signal]SignalAction

	// Logger gets the daemon's log and what workers print and log. Default: text
	// on standard error, from slog.LevelInfo on.
	Logger *slog.Logger
}

const defaultStopTimeout = 10 * time.Second
