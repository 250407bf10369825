package logs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/codec"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/internal/wire"
)

// Link is the link of a worker to its daemon.
type Link interface {
	Send(h wire.Header, payload []byte) error
}

type linkKey struct{}

// WithLink returns a context whose Logger sends records over a worker's link.
func WithLink(ctx context.Context, to Link) context.Context {
	return context.WithValue(ctx, linkKey{}, &linkHandler{to: to})
}

// OfLink returns the logger of a context of WithLink, whose records belong to a
// call; nil for any other context.
func OfLink(ctx context.Context, call uint32) *slog.Logger {
	h, ok := ctx.Value(linkKey{}).(*linkHandler)
	if !ok {
		return nil
	}
	mine := *h
	mine.call = call
	return slog.New(&mine)
}

// UseLink sends a worker's own records to the daemon.
func (l *Log) UseLink(to Link) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.useLocked(&linkHandler{to: to})
}

// travelling is the form of a record on its way from a worker.
type travelling struct {
	Time    time.Time
	Level   int
	Message string
	Attrs   []attr
}

// attr is an attribute; groups are part of its key. Kind says which of the
// values counts.
type attr struct {
	Key  string
	Kind uint8
	Text string
	Int  int64
	Real float64
	Time time.Time
}

// recordCodec is made at its first use: most workers never log.
var recordCodec = sync.OnceValue(func() *codec.Codec[travelling] {
	c, err := codec.For[travelling]()
	if err != nil {
		panic(err) // the type is our own
	}
	return c
})

// linkHandler sends records to the daemon, which decides what to keep.
type linkHandler struct {
	to     Link
	call   uint32
	attrs  []attr
	prefix string // of the open groups
}

func (h *linkHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *linkHandler) Handle(_ context.Context, r slog.Record) error {
	rec := travelling{Time: r.Time, Level: int(r.Level), Message: r.Message}
	rec.Attrs = append(rec.Attrs, h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		rec.Attrs = appendAttr(rec.Attrs, h.prefix, a)
		return true
	})
	err := h.send(&rec)
	if large := (*wire.TooLarge)(nil); errors.As(err, &large) {
		rec.Message = text.Shorten(rec.Message, int(min(longestRecent, large.Limit/2)))
		rec.Attrs = appendAttr(nil, "", slog.String("cut", large.Error()))
		err = h.send(&rec)
	}
	return err
}

func (h *linkHandler) send(rec *travelling) error {
	b, err := recordCodec().Append(nil, rec)
	if err != nil {
		return err
	}
	return h.to.Send(wire.Header{Kind: wire.Log, Call: h.call}, b)
}

func (h *linkHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	mine := *h
	mine.attrs = append([]attr(nil), h.attrs...)
	for _, a := range attrs {
		mine.attrs = appendAttr(mine.attrs, h.prefix, a)
	}
	return &mine
}

func (h *linkHandler) WithGroup(name string) slog.Handler {
	mine := *h
	if name != "" {
		mine.prefix += name + "."
	}
	return &mine
}

func appendAttr(to []attr, prefix string, a slog.Attr) []attr {
	v := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return to
	}
	la := attr{Key: prefix + a.Key, Kind: uint8(v.Kind())}
	switch v.Kind() {
	case slog.KindGroup:
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			to = appendAttr(to, prefix, inner)
		}
		return to
	case slog.KindInt64:
		la.Int = v.Int64()
	case slog.KindDuration:
		la.Int = int64(v.Duration())
	case slog.KindUint64:
		la.Int = int64(v.Uint64())
	case slog.KindBool:
		if v.Bool() {
			la.Int = 1
		}
	case slog.KindFloat64:
		la.Real = v.Float64()
	case slog.KindTime:
		la.Time = v.Time()
	case slog.KindString:
		la.Text = v.String()
	default:
		la.Kind, la.Text = uint8(slog.KindString), fmt.Sprint(v.Any())
	}
	return append(to, la)
}

// attr returns the attribute for the daemon's log.
func (a attr) attr() slog.Attr {
	switch slog.Kind(a.Kind) {
	case slog.KindInt64:
		return slog.Int64(a.Key, a.Int)
	case slog.KindUint64:
		return slog.Uint64(a.Key, uint64(a.Int))
	case slog.KindDuration:
		return slog.Duration(a.Key, time.Duration(a.Int))
	case slog.KindBool:
		return slog.Bool(a.Key, a.Int != 0)
	case slog.KindFloat64:
		return slog.Float64(a.Key, a.Real)
	case slog.KindTime:
		return slog.Time(a.Key, a.Time)
	}
	return slog.String(a.Key, a.Text)
}

// ours are the parts of a record that the daemon makes. A worker that was taken
// over must not replace them, to pass its records off as the daemon's: most
// readers of JSON take the last of two members with the same name.
var ours = []string{
	slog.TimeKey, slog.LevelKey, slog.MessageKey, slog.SourceKey, "daemon", "pool", "pid", "call", streamAttr,
}

// received logs a record that a worker sent. call is 0 if the record belongs to
// no call.
func (l *Log) received(pool string, pid int, call uint64, b []byte) {
	var rec travelling
	if err := recordCodec().Decode(b, &rec); err != nil {
		l.Warn("a worker sent a log record that cannot be read", "pool", pool, "pid", pid, "err", err)
		return
	}
	ctx := context.Background()
	if !l.Enabled(ctx, slog.Level(rec.Level)) {
		return
	}
	r := slog.NewRecord(rec.Time, slog.Level(rec.Level), rec.Message, 0)
	r.AddAttrs(slog.String("pool", pool), slog.Int("pid", pid))
	if call != 0 {
		r.AddAttrs(slog.Uint64("call", call))
	}
	for _, a := range rec.Attrs {
		if slices.Contains(ours, strings.ToLower(a.Key)) {
			a.Key = "worker." + a.Key
		}
		r.AddAttrs(a.attr())
	}
	_ = l.Handler().Handle(ctx, r)
}
