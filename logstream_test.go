package legion_test

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A log may go to a named pipe whose reader comes later, or leaves.
func TestLogToNamedPipe(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSoloOf(logged(legion.Config{LogFile: path}), legion.Pool{Max: 1})
	s.start(t) // does not wait for a reader
	for _, text := range []string{"the first reader", "the second reader"} {
		s.d.Logger().Info(text)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() && !strings.Contains(lines.Text(), text) {
		}
		if err := lines.Err(); err != nil || !strings.Contains(lines.Text(), text) {
			t.Errorf("%q, %v", lines.Text(), err)
		}
		_ = f.Close()
	}
	stop(t, s.d)
}

func TestLogToDevice(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSoloOf(logged(legion.Config{LogFile: os.DevNull}), legion.Pool{Max: 1})
	s.start(t)
	stop(t, s.d)
	if l := s.d.Stats().Log; l.Written == 0 || l.Dropped > 0 || l.Failure != "" {
		t.Errorf("%+v", l)
	}
	s = newSoloOf(logged(legion.Config{LogFile: os.DevNull, LogRotation: legion.LogRotation{Size: 1 << 20}}), legion.Pool{Max: 1})
	if err := s.d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "Config.LogRotation") {
		t.Errorf("a device is rotated: %v", err)
	}
}
