package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/status"
)

// Records are kept until the log is opened; what comes after its end counts as
// dropped.
func TestLife(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := New(Config{Name: "solo", File: path}, nobody)
	attrs := []byte("as it was")
	early := l.With("a", 1).WithGroup("g")
	early.Info("before", "bytes", attrs, slog.Group("empty"), slog.Group("h", "n", 2))
	copy(attrs, "changed!!") // a record that waits does not see it
	if _, err := os.Stat(path); err == nil {
		t.Error("New has made the file")
	}
	for range 2 {
		do(t, l.Open())
	}
	early.Info("after", "bytes", []byte("as it is"))
	l.Debug("too low")
	l.SetLevel(slog.LevelDebug)
	l.Debug("low enough")
	for range 2 {
		do(t, l.Close())
	}
	l.Info("late")
	text := readFile(t, path)
	find(t, text, "level=INFO msg=before daemon=solo a=1 g.bytes=\"as it was\" g.h.n=2\n")
	find(t, text, "level=INFO msg=after daemon=solo a=1 g.bytes=\"as it is\"\n")
	find(t, text, "low enough")
	if strings.Contains(text, "too low") || strings.Contains(text, "late") {
		t.Error(text)
	}
	if s := l.Stats(); s != (status.LogStats{Written: 3, Level: "DEBUG", Dropped: 1, Levels: status.LogLevels{Debug: 1, Info: 3}}) {
		t.Errorf("%+v", s)
	}
	if err := l.Open(); !errors.Is(err, ErrClosed) {
		t.Errorf("Open after Close: %v", err)
	}
}

// What was kept for a log that cannot be opened goes to standard error, no more
// of it than may be kept.
func TestCannotBeOpened(t *testing.T) {
	for format, want := range map[string]string{
		Text: "level=INFO msg=kept daemon=solo i=999\n", JSON: `"msg":"kept","daemon":"solo","i":999}`, Journal: "level=INFO msg=kept daemon=solo i=999\n",
	} {
		stderr := testkit.CaptureStderr(t)
		path := filepath.Join(t.TempDir(), "missing", "log")
		c := Config{Name: "solo", File: path, Format: format}
		if format == Journal {
			c.File = ""
			defer func(was string) { JournalSocket = was }(JournalSocket)
			JournalSocket = path
		}
		l := New(c, nobody)
		for i := range maxKept + 7 {
			l.Info("kept", "i", i)
		}
		if err := l.Open(); err == nil || !strings.Contains(err.Error(), path) || !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", format, err)
		}
		do(t, l.Close())
		find(t, stderr(), want)
		if s := l.Stats(); s.Dropped != 7 || strings.Count(stderr(), "kept") != maxKept {
			t.Errorf("%s: %+v, %d lines", format, s, strings.Count(stderr(), "\n"))
		}
	}
}

// A logger of the program's own decides for itself, unless a level is set.
func TestOwnLogger(t *testing.T) {
	var b bytes.Buffer
	own := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug - 4}))
	l := New(Config{Name: "solo", Own: own}, nobody)
	l.Log(t.Context(), slog.LevelDebug-4, "before it is opened")
	l.Log(t.Context(), slog.LevelDebug-5, "too low")
	do(t, l.Open())
	l.SetLevel(slog.LevelError)
	l.Warn("too low")
	l.Error("high")
	do(t, l.Close())
	find(t, b.String(), "before it is opened", "daemon=solo")
	find(t, b.String(), "high")
	if s := l.Stats(); s != (status.LogStats{Written: 2, Level: "ERROR", Levels: status.LogLevels{Debug: 1, Error: 1}}) || strings.Contains(b.String(), "too low") {
		t.Errorf("%+v: %s", s, b.String())
	}
	if l = New(Config{Own: own, Level: slog.LevelWarn}, nobody); l.Level() != slog.LevelWarn {
		t.Errorf("the level is %v", l.Level())
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, read := open(t, Config{File: path, Rotation: Rotation{Size: 4 << 10, Keep: 2}}, nobody)
	for i := range 200 {
		l.Info("filling", "i", i)
	}
	find(t, read(), "i=199\n")
	files, _ := filepath.Glob(path + "*")
	for _, f := range files {
		if size := len(readFile(t, f)); size > 4<<10 {
			t.Errorf("%s has %d bytes", f, size)
		}
	}
	if len(files) != 3 {
		t.Errorf("files: %q", files)
	}
}

// What follows the log sees what is remembered, and then each record.
func TestFollow(t *testing.T) {
	l, _ := open(t, Config{}, nobody)
	for i := range 5 {
		l.Info("past", "i", i)
	}
	l.Debug("too low for the log")
	l.Warn("worse")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var got []string
	err := l.Follow(ctx, 3, Everything, func(r status.LogRecord) error {
		got = append(got, fmt.Sprint(r.Message, r.Attrs[len(r.Attrs)-1].Value))
		switch len(got) {
		case 3:
			l.With("j", 1).Info("now", "j", 2)
		case 4:
			cancel()
		}
		return nil
	})
	if want := "[past3 past4 worsesolo now2]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, want %s: %v", got, want, err)
	}
	if got := l.Tail(10, slog.LevelWarn); len(got) != 1 || got[0].Message != "worse" {
		t.Errorf("%v", got)
	}
	failed := errors.New("a client is gone")
	if err := l.Follow(t.Context(), 1, Everything, func(status.LogRecord) error { return failed }); err != failed {
		t.Error(err)
	}
}

// Each source has a limit of its own, and one only.
func TestLimitOf(t *testing.T) {
	l, read := open(t, Config{}, nobody)
	take := func(source string) bool {
		return l.LimitOf(source, 1e-9, 1, func(n uint64) { l.Warn("left out", "source", source, "n", n) }).Take(1)
	}
	if got := []bool{take("a"), take("a"), take("b"), take("a")}; fmt.Sprint(got) != "[true false true false]" {
		t.Error(got)
	}
	find(t, read(), "left out", "source=a n=2")
}

// What a limit leaves out counts as dropped, and is told when the log is
// closed.
func TestLimit(t *testing.T) {
	l, read := open(t, Config{}, nobody)
	limit := l.NewLimit(1, 3, func(n uint64) { l.Warn("left out", "n", n) })
	taken := 0
	for range 10 {
		if limit.Take(1) {
			taken++
		}
	}
	find(t, read(), "left out", fmt.Sprint("n=", 10-taken))
	if s := l.Stats(); taken < 3 || s.Dropped != uint64(10-taken) {
		t.Errorf("%d taken, %+v", taken, s)
	}
}
