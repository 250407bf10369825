package logs

import (
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// A record with whatever in it can be told.
func TestRecentRecords(t *testing.T) {
	var l Log
	add := func(message string, attrs ...slog.Attr) status.LogRecord {
		r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
		r.AddAttrs(attrs...)
		l.recent.add(r)
		return l.Tail(1, Everything)[0]
	}
	for want, r := range map[string]status.LogRecord{
		`"a":2,"b":1.5,"c":"NaN"`:                add("twice", slog.Int("a", 1), slog.Int("a", 2), slog.Float64("b", 1.5), slog.Float64("c", math.NaN())),
		`{"` + "\uFFFD" + `":2}`:                 add("names that are the same in UTF-8", slog.Int("\xff", 1), slog.Int("\xfe", 2)),
		`"message":"bad ` + "\uFFFD" + `"`:       add("bad \xff"),
		`"far":"20000-01-01 00:00:00 +0000 UTC"`: add("far", slog.Time("far", time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC))),
		`"attrs":{"x":1,"took":"1.5s"}`:          add("inlined", slog.Attr{Value: slog.GroupValue(slog.Int("x", 1), slog.Group("empty"))}, slog.Duration("took", 1500*time.Millisecond)),
		`"nothing":null`:                         add("nil", slog.Any("nothing", nil)),
		`"later":"{A:1}"`:                        add("of a handler", slog.Any("later", struct{ A int }{1})),
		`"cut":"the record is longer`:            add(strings.Repeat("z", 1<<20), slog.Int("no", 1)),
	} {
		b, err := strictjson.Marshal(r)
		if err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%v: there is no %s in %.300s", err, want, b)
		}
		if len(b) > 2*longestRecent {
			t.Errorf("%.20s…: it has %d bytes", r.Message, len(b))
		}
	}
	r := slog.NewRecord(time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC), slog.LevelInfo, "long ago", 0)
	l.recent.add(r)
	if _, err := strictjson.Marshal(l.Tail(1, Everything)); err != nil {
		t.Error(err)
	}
	for range 3 * recentRecords {
		add("short")
	}
	if len(l.recent.kept) > recentRecords {
		t.Errorf("%d records are remembered", len(l.recent.kept))
	}
	for range 1000 {
		add(strings.Repeat("w", 10_000))
	}
	if l.recent.bytes > recentBytes || len(l.recent.kept) > recentBytes/10_000 {
		t.Errorf("%d records are remembered, %d bytes", len(l.recent.kept), l.recent.bytes)
	}
	if l.Forget(); l.recent.on() || len(l.recent.kept) > 0 {
		t.Error("it has not forgotten")
	}
}
