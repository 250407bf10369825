package legion

import (
	"errors"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

type oddError struct{ text string }

func (e *oddError) Error() string { return e.text } // of a nil one it panics

type oddSignal int

func (oddSignal) MarshalJSON() ([]byte, error) { return nil, errors.New("never") }

type odd struct {
	Text     string
	Bytes    []byte
	NaN, Pi  float64
	Far      time.Time
	Took     time.Duration
	Signal   syscall.Signal
	Err      error
	NilErr   error
	Own      oddSignal
	List     []odd
	Numbers  []int
	Map      map[string]int
	Pointer  *odd
	Func     func()
	Any      any
	Complex  complex128
	unseen   string
	HTTPPort uint16
}

// A text that is too long is cut between two characters.
func TestShortened(t *testing.T) {
	for limit, want := range map[int]string{-1: "…", 0: "…", 1: "a…", 2: "a…", 3: "aä…", 4: "aä…", 6: "aä…", 7: "aä😀…", 8: "aä😀b"} {
		if got := shortened("aä😀b", limit); got != want {
			t.Errorf("with %d bytes it is %q, not %q", limit, got, want)
		}
	}
}

// Whatever an event has in it, it can be told, and is not long.
func TestDescribe(t *testing.T) {
	e := odd{
		Text: "a\xffb", Bytes: []byte("bytes"), NaN: math.NaN(), Pi: 1.5, Far: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC),
		Took: time.Second, Signal: syscall.SIGHUP, Err: (*oddError)(nil), Own: 3, List: []odd{{Text: "inner"}},
		Numbers: make([]int, 1000), Map: map[string]int{"x": 1}, Pointer: &odd{}, Func: func() {}, Any: 7, Complex: 1i, unseen: "x", HTTPPort: 80,
	}
	fields, ok := describe(reflect.ValueOf(e)).(map[string]any)
	if !ok {
		t.Fatal("it is no object")
	}
	b, err := strictjson.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"text":"a` + "\uFFFD" + `b"`, `"bytes":"bytes"`, `"na_n":"NaN"`, `"pi":1.5`, `"far":"20000-01-01`, `"took":1}`, `"signal":"SIGHUP"`,
		`"err":"<nil>"`, `"nil_err":null`, `"own":3`, `"text":"inner"`, `"… 900 more"`, `"map":"map[string]int of 1"`,
		`"pointer":"*legion.odd"`, `"func":"func()"`, `"any":7`, `"complex":"(0+1i)"`, `"http_port":80`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("there is no %s in %s", want, b)
		}
	}
	if strings.Contains(string(b), "unseen") {
		t.Errorf("what is not exported is told: %s", b)
	}
	var self []any
	self = append(self, 1, nil)
	self[1] = self
	wide := make([]string, 90)
	for i := range wide {
		wide[i] = strings.Repeat("x", 10_000)
	}
	for _, v := range []any{self, wide, strings.Repeat("y", 10<<20), make([]byte, 10<<20), [][]string{wide, wide}} {
		if b, err = strictjson.Marshal(describe(reflect.ValueOf(v))); err != nil || len(b) > 6*describedBytes+1000 {
			t.Errorf("%T: %d bytes, %v", v, len(b), err)
		}
	}
}

// A record with whatever in it can be told.
func TestRecentRecords(t *testing.T) {
	var l recentLog
	add := func(message string, attrs ...slog.Attr) status.LogRecord {
		r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
		r.AddAttrs(attrs...)
		l.add(r)
		return l.tail(1, everything)[0].LogRecord
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
	l.add(r)
	if _, err := strictjson.Marshal(l.tail(1, everything)); err != nil {
		t.Error(err)
	}
	for range 3 * recentRecords {
		add("short")
	}
	if len(l.kept) > recentRecords {
		t.Errorf("%d records are remembered", len(l.kept))
	}
	for range 1000 {
		add(strings.Repeat("w", 10_000))
	}
	if l.bytes > recentBytes || len(l.kept) > recentBytes/10_000 {
		t.Errorf("%d records are remembered, %d bytes", len(l.kept), l.bytes)
	}
	if l.forget(); l.on() || len(l.kept) > 0 {
		t.Error("it has not forgotten")
	}
}
