package logs

import (
	"log/slog"
	"sync/atomic"

	"github.com/legion-go/legion/status"
)

// levels counts records: of debug, info, warn and error.
type levels [4]atomic.Uint64

func (l *levels) count(level slog.Level) {
	i := 0
	for _, next := range []slog.Level{slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if level >= next {
			i++
		}
	}
	l[i].Add(1)
}

func (l *levels) counts() status.LogLevels {
	return status.LogLevels{Debug: l[0].Load(), Info: l[1].Load(), Warn: l[2].Load(), Error: l[3].Load()}
}
