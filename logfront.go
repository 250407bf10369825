package legion

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// logFront is the handler of the daemon's loggers. Where records go changes while
// it lives; so it remembers what With and WithGroup have added, and adds it to
// each target anew.
type logFront struct {
	d       *Daemon
	steps   []logStep
	derived atomic.Pointer[derivedHandler]
}

// logStep is a WithGroup, or a WithAttrs.
type logStep struct {
	group string
	attrs []slog.Attr
}

// derivedHandler is a target's handler with the steps of a front.
type derivedHandler struct {
	from    *logTarget
	handler slog.Handler
}

func (h *logFront) Enabled(ctx context.Context, level slog.Level) bool {
	if level < h.d.logs.level.Level() {
		return false
	}
	t := h.d.logs.target.Load()
	return t == nil || t.handler.Enabled(ctx, level)
}

func (h *logFront) Handle(ctx context.Context, r slog.Record) error {
	l := &h.d.logs
	t := l.target.Load()
	switch {
	case t == nil:
		l.keep(h.whole(r))
		return nil
	case h.d.logHandled():
		h.d.offerLog(h.whole(r))
		return nil
	}
	l.handed.Add(1)
	if l.recent.on() {
		l.recent.add(h.whole(r))
	}
	return h.handler(t).Handle(ctx, r)
}

func (h *logFront) handler(t *logTarget) slog.Handler {
	if c := h.derived.Load(); c != nil && c.from == t {
		return c.handler
	}
	handler := t.handler
	for _, s := range h.steps {
		if s.group != "" {
			handler = handler.WithGroup(s.group)
		} else {
			handler = handler.WithAttrs(s.attrs)
		}
	}
	h.derived.Store(&derivedHandler{t, handler})
	return handler
}

func (h *logFront) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(logStep{attrs: attrs})
}

func (h *logFront) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(logStep{group: name})
}

func (h *logFront) with(s logStep) *logFront {
	return &logFront{d: h.d, steps: append(h.steps[:len(h.steps):len(h.steps)], s)}
}

// whole returns r with everything in it that the front has to add. It shares
// nothing with r that may change.
func (h *logFront) whole(r slog.Record) slog.Record {
	attrs := make([]slog.Attr, 0, r.NumAttrs())
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, settled(a))
		return true
	})
	for i := len(h.steps) - 1; i >= 0; i-- {
		s := h.steps[i]
		switch {
		case s.group == "":
			mine := make([]slog.Attr, 0, len(s.attrs)+len(attrs))
			for _, a := range s.attrs {
				mine = append(mine, settled(a))
			}
			attrs = append(mine, attrs...)
		case len(attrs) > 0:
			attrs = []slog.Attr{{Key: s.group, Value: slog.GroupValue(attrs...)}}
		}
	}
	w := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	w.AddAttrs(attrs...)
	return w
}

// settled returns a with its value as it is now: a record that waits must not
// lead to memory that its logger goes on using.
func settled(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		inner := make([]slog.Attr, 0, len(v.Group()))
		for _, in := range v.Group() {
			inner = append(inner, settled(in))
		}
		v = slog.GroupValue(inner...)
	case slog.KindAny:
		switch x := v.Any().(type) {
		case nil:
		case error:
			v = slog.StringValue(fmt.Sprint(x))
		case []byte:
			v = slog.StringValue(string(x))
		default:
			v = slog.StringValue(fmt.Sprintf("%+v", x))
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}
