package pool

import (
	"context"
	"log/slog"
)

// Tell writes the death to the log.
func (d *Death) Tell(log *slog.Logger) {
	level, what := slog.LevelWarn, "worker died"
	var more []any
	switch {
	case d.Forbidden != nil:
		level, what = slog.LevelError, "worker did what its sandbox forbids"
	case d.Race:
		level, what = slog.LevelError, "worker had a data race"
		more = []any{"report", d.Stack}
	case d.KilledBy != "" && Cause(d.KilledBy) != CauseStop:
		what = "worker was killed"
	case d.Expected:
		level, what = slog.LevelDebug, "worker ended"
	}
	d.tell(log, level, what, more...)
}

// TellStuck writes to the log that SIGKILL has not ended the process.
func (d *Death) TellStuck(log *slog.Logger) { d.tell(log, slog.LevelError, "worker does not end") }

// tell writes one record. The first death of a kind says more, and is told at
// level info at least.
func (d *Death) tell(log *slog.Logger, level slog.Level, what string, more ...any) {
	attrs := append([]any{"worker", d.Worker, "pid", d.PID, "how", d.String()}, more...)
	if d.Number != 0 {
		attrs = append(attrs, "death", d.Number)
	}
	if d.NewKind != "" {
		level = max(level, slog.LevelInfo)
		attrs = append(attrs, "new_kind", d.NewKind)
		if d.Cause != "boot" { // of which how says the same
			attrs = append(attrs, "why", d.Why)
		}
	}
	log.Log(context.Background(), level, what, attrs...)
}
