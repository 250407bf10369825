package legion

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/codec"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/internal/worker"
)

// Logger returns the logger for ctx. In a function that runs in a worker, its
// records arrive in the daemon's log, with the pool, the pid and the call; in a
// function of the daemon's loop it is the daemon's own; with any other context it
// is slog.Default().
func Logger(ctx context.Context) *slog.Logger {
	if h, ok := ctx.Value(loggerKey{}).(*workerHandler); ok {
		mine := *h
		mine.call = worker.Call(ctx)
		return slog.New(&mine)
	}
	if d, ok := ctx.Value(onLoop{}).(*Daemon); ok {
		return d.log
	}
	return slog.Default()
}

// Logger returns the logger of the daemon's log, for code that has no context of
// its: another goroutine of the daemon. It never blocks, unless Config.Logger
// does.
func (d *Daemon) Logger() *slog.Logger { return d.log }

type loggerKey struct{}

func withWorkerLogger(ctx context.Context, conn link.Conn) context.Context {
	return context.WithValue(ctx, loggerKey{}, &workerHandler{conn: conn})
}

// logRecord is how a record travels from a worker.
type logRecord struct {
	Time    time.Time
	Level   int
	Message string
	Attrs   []logAttr
}

// logAttr is an attribute; groups are part of its key. One of the values counts,
// as Kind says.
type logAttr struct {
	Key  string
	Kind uint8
	Text string
	Int  int64
	Real float64
	Time time.Time
}

// logCodec is made at its first use: most workers never log.
var logCodec = sync.OnceValue(func() *codec.Codec[logRecord] {
	c, err := codec.For[logRecord]()
	if err != nil {
		panic(err) // the type is our own
	}
	return c
})

// workerHandler sends records to the daemon, which decides what to keep.
type workerHandler struct {
	conn   link.Conn
	call   uint32
	attrs  []logAttr
	prefix string // of the open groups
}

func (h *workerHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h *workerHandler) Handle(_ context.Context, r slog.Record) error {
	rec := logRecord{Time: r.Time, Level: int(r.Level), Message: r.Message}
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

func (h *workerHandler) send(rec *logRecord) error {
	b, err := logCodec().Append(nil, rec)
	if err != nil {
		return err
	}
	return h.conn.Send(wire.Header{Kind: wire.Log, Call: h.call}, b)
}

func (h *workerHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	mine := *h
	mine.attrs = append([]logAttr(nil), h.attrs...)
	for _, a := range attrs {
		mine.attrs = appendAttr(mine.attrs, h.prefix, a)
	}
	return &mine
}

func (h *workerHandler) WithGroup(name string) slog.Handler {
	mine := *h
	if name != "" {
		mine.prefix += name + "."
	}
	return &mine
}

func appendAttr(to []logAttr, prefix string, a slog.Attr) []logAttr {
	v := a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return to
	}
	la := logAttr{Key: prefix + a.Key, Kind: uint8(v.Kind())}
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

// attr is the attribute as the daemon's log gets it.
func (a logAttr) attr() slog.Attr {
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

// logged takes a record from a worker into the daemon's log.
func (d *Daemon) logged(p *declaration, pid int, call uint64, b []byte) {
	var rec logRecord
	if err := logCodec().Decode(b, &rec); err != nil {
		d.log.Warn("a worker sent a log record that cannot be read", "pool", p.name, "pid", pid, "err", err)
		return
	}
	ctx := context.Background()
	h := d.log.Handler()
	if !h.Enabled(ctx, slog.Level(rec.Level)) {
		return
	}
	r := slog.NewRecord(rec.Time, slog.Level(rec.Level), rec.Message, 0)
	r.AddAttrs(slog.String("pool", p.name), slog.Int("pid", pid))
	if call != 0 {
		r.AddAttrs(slog.Uint64("call", call))
	}
	for _, a := range rec.Attrs {
		r.AddAttrs(a.attr())
	}
	_ = h.Handle(ctx, r)
}
