package control

import (
	"context"
	"log/slog"
	"time"

	"github.com/legion-go/legion/internal/pace"
	"github.com/legion-go/legion/internal/rpc"
)

// This many refusals are logged at once, and in each refusalSpan: a caller with
// the role read must not be able to fill the log with them.
const (
	refusalSpan = time.Minute
	refusalMost = 60
)

// Audit logs callers' changes and refusals. Its methods may be
// called from any goroutine.
type Audit struct {
	log      *slog.Logger
	refusals *pace.Limit
}

// NewAudit makes an audit log that writes to log whatever its level: a caller
// who may change the level must not be able to hide its acts.
func NewAudit(log *slog.Logger) *Audit {
	a := &Audit{log: everyLevel(log)}
	a.refusals = pace.New(pace.Options{
		Burst: refusalMost, Rate: refusalMost / refusalSpan.Seconds(), Pause: refusalSpan,
		Tell: func(left uint64) { a.log.Warn("audit: more was refused than is logged", "left_out", left) },
	})
	return a
}

// Tell logs a record of the registry: it is for rpc.Options.Audit.
func (a *Audit) Tell(r rpc.Record) {
	switch {
	case r.Refused:
		if a.refusals.Take(1) {
			a.write(slog.LevelWarn, r, "audit: refused", "why", r.Message)
		}
	case r.Code != 0:
		a.write(slog.LevelInfo, r, "audit: failed", "code", r.Code, "err", r.Message)
	default:
		a.write(slog.LevelInfo, r, "audit: done")
	}
}

func (a *Audit) write(level slog.Level, r rpc.Record, what string, more ...any) {
	attrs := []any{"who", r.Caller.Name}
	if r.Caller.As != "" {
		attrs = append(attrs, "as", r.Caller.As)
	}
	attrs = append(attrs, "role", r.Caller.Role.String(), "via", r.Caller.Via, "method", r.Method, "params", string(r.Params),
		"took", r.Took.Round(time.Microsecond))
	a.log.Log(context.Background(), level, what, append(attrs, more...)...)
}

// everyLevel is log without its level.
func everyLevel(log *slog.Logger) *slog.Logger { return slog.New(whole{log.Handler()}) }

// whole is a handler that leaves nothing out.
type whole struct{ slog.Handler }

func (whole) Enabled(context.Context, slog.Level) bool { return true }

func (h whole) WithAttrs(attrs []slog.Attr) slog.Handler {
	return whole{h.Handler.WithAttrs(attrs)}
}

func (h whole) WithGroup(name string) slog.Handler { return whole{h.Handler.WithGroup(name)} }
