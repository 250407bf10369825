package logs

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
)

// front is the handler of the log's loggers. The target of records changes
// during the log's life; so a front remembers what With and WithGroup added,
// and adds it to each new target.
type front struct {
	log     *Log
	steps   []step
	derived atomic.Pointer[derived]
}

// step is a WithGroup, or a WithAttrs.
type step struct {
	group string
	attrs []slog.Attr
}

// derived is a target's handler with the steps of a front.
type derived struct {
	from    *target
	handler slog.Handler
}

func (h *front) Enabled(ctx context.Context, level slog.Level) bool {
	if level < h.log.level.Level() {
		return false
	}
	t := h.log.target.Load()
	return t == nil || t.handler.Enabled(ctx, level)
}

func (h *front) Handle(ctx context.Context, r slog.Record) error {
	switch t := h.log.target.Load(); {
	case t == nil:
		h.log.keep(h.whole(r))
	case h.log.handled.wants():
		h.log.handled.offer(h.whole(r))
	default:
		h.deliver(ctx, t, r)
	}
	return nil
}

// deliver counts a record, remembers it, and passes it on.
func (h *front) deliver(ctx context.Context, t *target, r slog.Record) {
	h.log.handed.Add(1)
	h.log.levels.count(r.Level)
	if h.log.recent.on() {
		h.log.recent.add(h.whole(r))
	}
	_ = h.handler(t).Handle(ctx, r) // the writer counts failures
}

func (h *front) handler(t *target) slog.Handler {
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
	h.derived.Store(&derived{t, handler})
	return handler
}

func (h *front) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	return h.with(step{attrs: attrs})
}

func (h *front) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(step{group: name})
}

func (h *front) with(s step) *front {
	return &front{log: h.log, steps: append(h.steps[:len(h.steps):len(h.steps)], s)}
}

// whole returns r with the front's attributes and groups in it. It shares no
// mutable memory with r.
func (h *front) whole(r slog.Record) slog.Record {
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

// settled returns a with its present value: a waiting record must not refer to
// memory that its logger goes on using.
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
