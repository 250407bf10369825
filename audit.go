package legion

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/rpc"
)

// audit logs what somebody has changed, or was refused.
func (d *Daemon) audit(r rpc.Record) {
	switch {
	case r.Refused:
		if n, say := d.refusals.more(r.Time); say {
			d.auditLog(r, "audit: refused", "why", r.Message, "unsaid", n)
		}
	case !r.Changes || tellsItself(r.Method):
	case r.Code != 0:
		d.auditLog(r, "audit: failed", "code", r.Code, "err", r.Message)
	default:
		d.auditLog(r, "audit: done")
	}
}

func (d *Daemon) auditLog(r rpc.Record, what string, more ...any) {
	params := string(r.Params)
	if params != "" && (d.secret[r.Method] || tellsItself(r.Method) && r.Refused) {
		params = "…"
	}
	attrs := []any{
		"who", r.Caller.Name, "role", r.Caller.Role.String(), "via", r.Caller.Via, "method", r.Method, "params", params,
		"took", r.Took.Round(time.Microsecond),
	}
	if attrs = append(attrs, more...); r.Refused {
		d.auditLogger().Warn(what, attrs...)
	} else {
		d.auditLogger().Info(what, attrs...)
	}
}

// auditLogger is the daemon's log without its level: who may change the level must
// not be able to act unseen.
func (d *Daemon) auditLogger() *slog.Logger { return slog.New(everyLevel{d.log.Handler()}) }

// everyLevel is a handler that leaves nothing out.
type everyLevel struct{ slog.Handler }

func (everyLevel) Enabled(context.Context, slog.Level) bool { return true }

func (h everyLevel) WithAttrs(attrs []slog.Attr) slog.Handler {
	return everyLevel{h.Handler.WithAttrs(attrs)}
}

func (h everyLevel) WithGroup(name string) slog.Handler { return everyLevel{h.Handler.WithGroup(name)} }

// tellsItself reports whether a method tells the audit log itself, by audited.
func tellsItself(method string) bool {
	return method == "call" || method == "call.stream" || method == "task.run"
}

// audited runs a method that calls the function of a name, and tells the audit
// log which that was: not its argument, which may be secret.
func (d *Daemon) audited(ctx context.Context, method, name string, run func() error) (err error) {
	r := rpc.Record{Time: time.Now(), Caller: CallerOf(ctx), Method: method, Params: []byte(shortened(name, 128)), Changes: true}
	r.Code, r.Message = rpc.CodeInternal, "it panicked"
	defer func() {
		what, more := "audit: done", []any(nil)
		if r.Code != 0 {
			what, more = "audit: failed", []any{"code", r.Code, "err", r.Message}
		}
		r.Took = time.Since(r.Time)
		d.auditLog(r, what, more...)
	}()
	err = run()
	r.Code, r.Message = 0, ""
	if err != nil {
		fault := faultOf(err)
		r.Code, r.Message = fault.Code, fault.Message
	}
	return err
}

// In each refusalSpan so many refusals are logged: who may only look must not be
// able to fill the log with them.
const (
	refusalSpan = time.Minute
	refusalMost = 60
)

// refusals counts them.
type refusals struct {
	mu     sync.Mutex
	since  time.Time // when the span began
	said   int       // in it
	unsaid int       // since the last one that was logged
}

// more reports whether one more is to be logged, and how many before it were not.
func (r *refusals) more(now time.Time) (unsaid int, say bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) > refusalSpan {
		r.since, r.said = now, 0
	}
	if r.said++; r.said > refusalMost {
		r.unsaid++
		return 0, false
	}
	unsaid, r.unsaid = r.unsaid, 0
	return unsaid, true
}
