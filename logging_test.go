package legion_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/legiontest"
)

// logged is the configuration of a daemon with a log of its own.
func logged(c legion.Config) legion.Config {
	c.Name, c.StopTimeout = "solo", 30*time.Second
	return c
}

// stop stops a daemon, so that its log is complete.
func stop(t testing.TB, d *legion.Daemon) {
	t.Helper()
	if err := d.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// find returns the one line of text that has all of the parts in it.
func find(t testing.TB, text string, parts ...string) string {
	t.Helper()
	var found []string
	for line := range strings.Lines(text) {
		has := true
		for _, p := range parts {
			has = has && strings.Contains(line, p)
		}
		if has {
			found = append(found, line)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d lines with %q in\n%s", len(found), parts, text)
	}
	return found[0]
}

func TestLogFile(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	s := newSoloOf(logged(legion.Config{LogFile: path}), legion.Pool{Max: 1})
	s.d.Logger().Info("before the start", "n", 1)
	var onLoop bytes.Buffer
	s.d.Init(func(ctx context.Context) error {
		legion.Logger(ctx).WithGroup("g").Info("in Init", "n", 2)
		_, err := os.Stat(path)
		fmt.Fprint(&onLoop, err)
		return nil
	})
	if _, err := os.Stat(path); err == nil {
		t.Error("New has made the file")
	}
	s.start(t)
	pid := "pid=" + s.must(t, deed{What: "pid"})
	s.must(t, deed{What: "log", Size: 7, Path: "/x"})
	s.must(t, deed{What: "print"})
	stop(t, s.d)
	text := readFile(t, path)
	for _, parts := range [][]string{
		{"before the start", "n=1"},
		{"in Init", "g.n=2"},
		{"from inside", "level=WARN", "pool=pool", pid, "call=", "size=7", "g.path=/x"},
		{"on stdout", "level=INFO", "pool=pool", pid, "stream=stdout"},
		{"on stderr", "pool=pool", pid, "stream=stderr"},
		{"msg=started"},
		{"msg=stopped"},
	} {
		find(t, text, append(parts, "daemon=solo")...)
	}
	if strings.Count(text, "daemon=solo") != strings.Count(text, "\n") {
		t.Errorf("lines without the daemon, or with two, in\n%s", text)
	}
	if st := s.d.Stats().Log; st.Written != uint64(strings.Count(text, "\n")) || st.Dropped != 0 || st.Failure != "" {
		t.Errorf("the statistics: %+v", st)
	}
	if onLoop.String() != "<nil>" {
		t.Errorf("in Init the file was not there: %s", &onLoop)
	}
	s.d.Logger().Info("after the end")
	if st := s.d.Stats().Log; st.Dropped != 1 {
		t.Errorf("what came after the end: %+v", st)
	}
}

func TestLogJSON(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	s := newSoloOf(logged(legion.Config{LogFile: path, LogFormat: "json", LogLevel: slog.LevelDebug}), legion.Pool{Max: 1}).start(t)
	s.must(t, deed{What: "log", Size: 7, Path: "a \"quoted\"\nline"})
	s.must(t, deed{What: "print"})
	stop(t, s.d)
	text := readFile(t, path)
	inside := false
	for line := range strings.Lines(text) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil || r["daemon"] != "solo" {
			t.Errorf("%v: %s", err, line)
		}
		if r["msg"] == "from inside" {
			inside = r["pool"] == "pool" && r["call"] != nil && r["pid"] != nil && r["g.path"] == "a \"quoted\"\nline"
		}
	}
	if !inside {
		t.Errorf("the worker's record is not in\n%s", text)
	}
	find(t, text, "worker ready", "DEBUG")
}

// Renamed, with and without Reload, and deleted: every line is in one file,
// once.
func TestLogFileIsRotated(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	s := newSoloOf(logged(legion.Config{LogFile: path}), legion.Pool{Max: 1}).start(t)
	n := 0
	some := func() {
		t.Helper()
		for range 100 {
			s.must(t, deed{What: "log", Size: n})
			n++
		}
		await(t, func() bool {
			b, _ := os.ReadFile(path)
			return bytes.Contains(b, fmt.Appendf(nil, "size=%d ", n-1))
		})
	}
	some()
	for i := range 4 {
		if err := os.Rename(path, fmt.Sprint(path, ".", i)); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 {
			if err := s.d.Reload(t.Context()); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { _, err := os.Stat(path); return err == nil })
		}
		some()
	}
	stop(t, s.d)
	files, _ := filepath.Glob(path + "*")
	var all string
	for _, f := range files {
		all += readFile(t, f)
	}
	for i := range n {
		find(t, all, "from inside", fmt.Sprintf("size=%d ", i))
	}
	if len(files) != 5 {
		t.Errorf("files: %q", files)
	}
}

func TestLogFileCannotBeOpened(t *testing.T) {
	legiontest.CheckLeaks(t)
	stderr := testkit.CaptureStderr(t)
	path := filepath.Join(t.TempDir(), "missing", "log")
	s := newSoloOf(logged(legion.Config{LogFile: path}), legion.Pool{Max: 1})
	s.d.Logger().Warn("kept until then")
	err := s.d.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), path) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the error: %v", err)
	}
	find(t, stderr(), "kept until then", "daemon=solo")
}

// Worker processes declare the daemon too, and must not touch its file; what is
// said of them is in it.
func TestWorkersDoNotOpenTheLogFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	t.Setenv(logFileKey, path)
	p := run(t, "logger")
	for _, pid := range p.workers() {
		fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		for _, fd := range fds {
			if to, _ := os.Readlink(fd); to == path {
				t.Errorf("worker %d has it open", pid)
			}
		}
	}
	p.say(`{"What": "log", "Size": 3}`)
	p.hear("did ok")
	p.signal(syscall.SIGTERM)
	if err := p.wait(); err != nil {
		t.Error(err)
	}
	text := readFile(t, path)
	find(t, text, "from inside", "size=3")
	if n := strings.Count(text, "an error of the loop"); n != 3 {
		t.Errorf("%d records of failed handlers in the workers\n%s", n, text)
	}
	if strings.Count(text, "daemon=daemon") != strings.Count(text, "\n") {
		t.Errorf("lines without the daemon, or with two, in\n%s", text)
	}
}

// logFileKey names the environment variable with the path of the log of program
// logger.
const logFileKey = "LEGION_TEST_LOG"

func init() { programs["logger"] = loggerMain }

func loggerMain() {
	s := newSoloOf(legion.Config{Name: "daemon", LogFile: os.Getenv(logFileKey)}, legion.Pool{Min: 3, Max: 3})
	legion.On(s.d, func(context.Context, event.WorkerStarted) error {
		if proc.Self() == nil {
			return nil
		}
		return errors.New("a handler in a worker")
	})
	legion.On(s.d, func(context.Context, event.Started) error {
		go obey(s, new(sync.WaitGroup))
		return nil
	})
	if err := s.d.Run(context.Background()); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

func TestLogLevelAtRunTime(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	s := newSoloOf(logged(legion.Config{LogFile: path, LogLevel: slog.LevelWarn}), legion.Pool{Max: 1}).start(t)
	if s.d.LogLevel() != slog.LevelWarn {
		t.Error(s.d.LogLevel())
	}
	// A worker's record is there before its answer: they travel in order.
	for size, level := range []slog.Level{slog.LevelWarn, slog.LevelError, slog.LevelDebug} {
		s.d.SetLogLevel(level)
		s.must(t, deed{What: "log", Size: size})
		s.d.Logger().Debug("of the daemon", "size", size)
	}
	stop(t, s.d)
	text := readFile(t, path)
	find(t, text, "from inside", "size=0")
	find(t, text, "from inside", "size=2")
	find(t, text, "of the daemon", "size=2")
	if strings.Contains(text, "size=1") || strings.Contains(text, "msg=started") {
		t.Error(text)
	}
}

func TestLogMisuse(t *testing.T) {
	own := slog.New(slog.DiscardHandler)
	for want, c := range map[string]legion.Config{
		`LogFormat is "xml"`:   {LogFormat: "xml"},
		"Logger is set":        {LogFile: "x", Logger: own},
		"leave LogFile and":    {LogFormat: "json", Logger: own},
		"leave LogConsole out": {LogConsole: true, Logger: own},
		"leave LogFile empty":  {LogFile: "x", LogFormat: "journal"},
		"which is not set":     {LogRotation: legion.LogRotation{Size: 1}},
		"must not be negative": {LogFile: "x", LogRotation: legion.LogRotation{Keep: -1}},
	} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, want) || !strings.HasPrefix(v, "legion: Config.Log") {
					t.Errorf("%q for %q", v, want)
				}
			}()
			c.Name = "solo"
			legion.New(c)
		}()
	}
}

// A record of a worker that is too large to travel is cut, and says so.
func TestLongLogRecord(t *testing.T) {
	legiontest.CheckLeaks(t)
	var out testkit.Log
	c := quiet("solo")
	c.Logger = slog.New(slog.NewTextHandler(&out, nil))
	s := newSoloOf(c, legion.Pool{Max: 1}).start(t)
	s.must(t, deed{What: "long log", Size: 5 << 20})
	await(t, func() bool { return strings.Contains(out.String(), "msg=begins.....") })
	if got := out.String(); len(got) > 64<<10 || !strings.Contains(got, "exceeds the limit") {
		t.Errorf("%d bytes: %.200s", len(got), got)
	}
}
