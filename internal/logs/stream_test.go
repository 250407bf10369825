package logs

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion/status"
)

// A log may go to a named pipe whose reader comes later, or leaves.
func TestLogToNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	do(t, syscall.Mkfifo(path, 0o600))
	l := New(Config{Name: "solo", File: path}, nobody)
	do(t, l.Open()) // does not wait for a reader
	for _, text := range []string{"the first reader", "the second reader"} {
		l.Info(text)
		f, err := os.Open(path)
		do(t, err)
		lines := bufio.NewScanner(f)
		for lines.Scan() && !strings.Contains(lines.Text(), text) {
		}
		if err := lines.Err(); err != nil || !strings.Contains(lines.Text(), text) {
			t.Errorf("%q, %v", lines.Text(), err)
		}
		_ = f.Close()
	}
	do(t, l.Close())
}

func TestLogToDevice(t *testing.T) {
	l := New(Config{Name: "solo", File: os.DevNull}, nobody)
	do(t, l.Open())
	l.Info("hello")
	do(t, l.Close())
	if s := l.Stats(); s != (status.LogStats{Written: 1, Level: "INFO", Levels: status.LogLevels{Info: 1}}) {
		t.Errorf("%+v", s)
	}
	l = New(Config{Name: "solo", File: os.DevNull, Rotation: Rotation{Size: 1 << 20}}, nobody)
	if err := l.Open(); err == nil || !strings.Contains(err.Error(), "Config.LogRotation") {
		t.Errorf("a device is rotated: %v", err)
	}
}
