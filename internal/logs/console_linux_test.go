package logs

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/testkit"
)

// terminal makes one that changes nothing of what is written to it, and returns
// what reads that: it can be used once, when all is written.
func terminal(t *testing.T) (slave *os.File, written func() string) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slave.Close() })
	return slave, func() string {
		var text []byte
		b := make([]byte, 64<<10)
		for {
			ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			if n, _ := unix.Poll(ready, 0); n == 0 {
				return string(text)
			}
			n, err := unix.Read(fd, b)
			if err != nil {
				t.Error(err)
				return string(text)
			}
			text = append(text, b[:n]...)
		}
	}
}

// The log goes to the console besides its file. A terminal has the levels in
// colour, if the environment allows it, and nothing else of a line is touched.
func TestLogConsole(t *testing.T) {
	const yellow, end = "\x1b[33m", "\x1b[0m"
	for name, c := range map[string]struct {
		format     string
		plain      bool // standard error is a file
		env, value string
		file, seen string // a line of the file, and of the console
	}{
		"terminal":         {file: " level=WARN msg=beware", seen: " level=" + yellow + "WARN" + end + " msg=beware"},
		"JSON in the file": {format: "json", file: `"level":"WARN","msg":"beware"`, seen: " level=" + yellow + "WARN" + end + " msg=beware"},
		"no terminal":      {plain: true, file: " level=WARN msg=beware", seen: " level=WARN msg=beware"},
		"NO_COLOR":         {env: "NO_COLOR", value: "1", file: " level=WARN msg=beware", seen: " level=WARN msg=beware"},
		"a dumb terminal":  {env: "TERM", value: "dumb", file: " level=WARN msg=beware", seen: " level=WARN msg=beware"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			t.Setenv("TERM", "xterm")
			if c.env != "" {
				t.Setenv(c.env, c.value)
			}
			slave, console := terminal(t)
			if c.plain {
				console = testkit.CaptureStderr(t)
			} else {
				testkit.StderrIs(t, slave)
			}
			path := filepath.Join(t.TempDir(), "log")
			l, read := open(t, Config{File: path, Format: c.format, Console: true}, nobody)
			l.Warn("beware", "evil", "level=DEBUG \x1b[2J")
			file, seen := read(), console()
			find(t, file, c.file)
			find(t, seen, c.seen, `\x1b[2J`)
			if strings.Contains(file, "\x1b") || strings.Contains(seen, "\x1b[2J") {
				t.Errorf("in the file: %q\non the console: %q", file, seen)
			}
		})
	}
}

// Without a file the log is on standard error once, in colours on a terminal.
func TestLogOnATerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	for name, c := range map[string]Config{
		"default": {}, "with Console": {Console: true}, "by name": {File: "/dev/stderr", Console: true},
	} {
		slave, console := terminal(t)
		testkit.StderrIs(t, slave)
		c.Name = "solo"
		l := New(c, nobody)
		do(t, l.Open())
		l.Error("once")
		do(t, l.Close())
		if line := find(t, console(), "once"); !strings.Contains(line, " level=\x1b[1;31mERROR\x1b[0m msg=once") {
			t.Errorf("%s: %q", name, line)
		}
	}
}
