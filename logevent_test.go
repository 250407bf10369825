package legion_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

func TestLogEvent(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	s := newSoloOf(logged(legion.Config{LogFile: path}), legion.Pool{Max: 1})
	inside := 0 // no lock: the race detector looks
	legion.On(s.d, func(ctx context.Context, l *event.Log) error {
		inside++
		defer func() { inside-- }()
		if inside > 1 {
			t.Error("a handler's record has become an event")
		}
		attrs := map[string]string{}
		l.Record.Attrs(func(a slog.Attr) bool { attrs[a.Key] = a.Value.String(); return true })
		if attrs["daemon"] != "solo" {
			t.Errorf("%q bears %q", l.Record.Message, attrs)
		}
		switch {
		case attrs["size"] == "1":
			return legion.StopPropagation
		case attrs["size"] == "2":
			if attrs["pool"] != "pool" || attrs["pid"] == "" || attrs["call"] == "" {
				t.Errorf("it bears %q", attrs)
			}
			l.Record.Message = "changed"
			l.Record.AddAttrs(slog.Bool("more", true))
		case attrs["size"] == "3":
			legion.Logger(ctx).Info("of the handler")
			return errors.New("of the handler too")
		case attrs["size"] == "4":
			r := slog.NewRecord(l.Record.Time, slog.LevelError, "another", 0)
			l.Record = &r
		case attrs["size"] == "5":
			panic("in a handler")
		}
		return nil
	})
	s.start(t)
	for i := range 7 {
		s.must(t, deed{What: "log", Size: i})
	}
	await(t, func() bool { return strings.Contains(readFile(t, path), "size=6") })
	off := legion.On(s.d, func(context.Context, *event.Log) error { return legion.StopPropagation }, legion.Priority(1))
	s.d.Logger().Info("kept out")
	if err := legion.Emit(t.Context(), s.d, "behind it"); err != nil {
		t.Error(err)
	}
	off()
	stop(t, s.d)
	text := readFile(t, path)
	var last int
	for _, parts := range [][]string{
		{"msg=started"}, // on Start's goroutine
		{"from inside", "size=0"},
		{"msg=changed", "size=2", "more=true"},
		{"of the handler\""},
		{"from inside", "size=3"},
		{"level=ERROR", "msg=another"},
		{"from inside", "size=5"},
		{"from inside", "size=6"},
		{"msg=stopped"},
	} {
		line := find(t, text, parts...)
		at := strings.Index(text, line)
		if at < last {
			t.Errorf("%q comes too early", line)
		}
		last = at
	}
	find(t, text, "an error of the loop", "of the handler too")
	if strings.Contains(text, "size=1") || strings.Contains(text, "size=4") || strings.Contains(text, "kept out") {
		t.Error(text)
	}
}

// What is logged on the loop comes after what was logged before elsewhere, and
// is handled at once.
func TestLogEventOnTheLoop(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	s := newSoloOf(logged(legion.Config{LogFile: path}), legion.Pool{Max: 1})
	var seen []string
	legion.On(s.d, func(_ context.Context, l *event.Log) error {
		seen = append(seen, l.Record.Message)
		return nil
	})
	type look struct{}
	legion.On(s.d, func(context.Context, look) error {
		seen = nil
		logged := make(chan struct{})
		go func() {
			s.d.Logger().Info("elsewhere")
			close(logged)
		}()
		<-logged
		s.d.Logger().Info("here")
		if got := fmt.Sprint(seen); got != "[elsewhere here]" {
			t.Error(got)
		}
		return nil
	})
	s.start(t)
	if err := legion.Emit(t.Context(), s.d, look{}); err != nil {
		t.Error(err)
	}
}
