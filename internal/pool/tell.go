package pool

import (
	"context"
	"log/slog"
)

// Tell writes the death to the log.
func (d *Death) Tell(log *slog.Logger) {
	level, what := slog.LevelWarn, "worker died"
	attrs := []any{"worker", d.Worker, "pid", d.PID, "how", d.String()}
	switch {
	case d.Forbidden != nil:
		level, what = slog.LevelError, "worker did what its sandbox forbids"
	case d.Race:
		level, what = slog.LevelError, "worker had a data race"
		attrs = append(attrs, "report", d.Stack)
	case d.KilledBy != "" && Cause(d.KilledBy) != CauseStop:
		what = "worker was killed"
	case d.Expected:
		level, what = slog.LevelDebug, "worker ended"
	}
	if d.Number != 0 {
		attrs = append(attrs, "death", d.Number)
	}
	log.Log(context.Background(), level, what, attrs...)
}
