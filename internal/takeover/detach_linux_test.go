package takeover

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

func init() {
	parts["start detached"] = playStarter
}

// playStarter starts a daemon in the background: it has a terminal, and its own
// umask.
func playStarter() {
	r := helperReport()
	host.Umask(0o123)
	_, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	say(r.w, "starter's tty", err)
	s := spec("tell", r)
	s.Kind, s.Detach, s.Dir, s.Stderr = Background, true, "/", nil
	if path := os.Getenv("TAKEOVER_TEST_STDERR"); path != "" {
		s.Stderr, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		check(err)
	}
	p, err := Start(context.Background(), s)
	check(err)
	fmt.Println("started", p.PID())
}

// A detached process has its own session and no terminal, and inherits nothing
// else of its starter; it stays when the starter has ended and its terminal is
// closed.
func TestDetached(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, stderr := range []string{"/dev/null", log} {
		master, slave := terminal(t)
		r := newReport(t)
		starter := helper("start detached", r)
		if stderr != "/dev/null" {
			starter.Env = append(starter.Env, "TAKEOVER_TEST_STDERR="+stderr)
		}
		starter.Stdin, starter.Stdout, starter.Stderr = slave, slave, slave
		starter.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := starter.Start(); err != nil {
			t.Fatal(err)
		}
		slave.Close()
		r.w.Close()
		if got := r.value("starter's tty"); got != "<nil>" {
			t.Fatal(got)
		}
		pid := processID(t, r.value("pid"))
		defer syscall.Kill(pid, syscall.SIGKILL)
		for _, c := range [][2]string{
			{"kind", "background"}, {"cwd", "/"}, {"sid", fmt.Sprint(pid)}, {"pgid", fmt.Sprint(pid)},
			{"tty", "open /dev/tty: no such device or address"}, {"umask", "0123"},
			{"stdin", "/dev/null"}, {"stdout", "/dev/null"}, {"stderr", stderr}, {"umask now", "027"},
		} {
			if got := r.value(c[0]); got != c[1] {
				t.Errorf("%s: %s, not %s", c[0], got, c[1])
			}
		}
		if err := starter.Wait(); err != nil {
			t.Error(err)
		}
		out, _ := io.ReadAll(master) // ends with EIO: no process has the terminal open any more
		if got := strings.TrimSpace(string(out)); got != fmt.Sprint("started ", pid) {
			t.Errorf("the starter prints %q", got)
		}
		master.Close()
		r.value("said")
		// No signal has reached it, so it still runs.
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if left := r.end(); len(left) > 0 {
			t.Error(left)
		}
	}
}

// terminal opens a pseudo-terminal.
func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	t.Cleanup(func() { master.Close() })
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
	return master, slave
}
