package systemd

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/leash"
	"github.com/legion-go/legion/legiontest"
)

// programKey makes the test binary one of the programs "activated", in
// activation_linux_test.go, and "upgraded", in upgrade_linux_test.go.
const programKey = "LEGION_SYSTEMD_TEST"

// hangGuard limits steps that should be quick; it measures nothing.
const hangGuard = 30 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(programKey) != "" {
		leash.Wear()
	}
	switch os.Getenv(programKey) {
	case "activated":
		activated()
		os.Exit(0)
	case "upgraded":
		upgraded()
		os.Exit(0)
	}
	legiontest.Main(m)
}

// manager is the socket of a fake systemd.
type manager struct {
	t        *testing.T
	conn     *net.UnixConn
	name     string // for $NOTIFY_SOCKET
	messages chan notice
}

// notice is a datagram that the manager got.
type notice struct {
	text  string
	pid   int // of the sender, as the kernel says
	files []*os.File
}

// has reports whether line is one of its lines.
func (n notice) has(line string) bool {
	return strings.Contains("\n"+n.text+"\n", "\n"+line+"\n")
}

func (n notice) value(key string) string {
	for _, line := range strings.Split(n.text, "\n") {
		if value, ok := strings.CutPrefix(line, key+"="); ok {
			return value
		}
	}
	return ""
}

// manage makes a manager and sets the environment for it.
func manage(t *testing.T, abstract bool) *manager {
	t.Helper()
	name := filepath.Join(t.TempDir(), "notify")
	if abstract {
		name = fmt.Sprintf("@legion-test/%d/%s", os.Getpid(), strings.ReplaceAll(t.Name(), "/", "."))
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	must(t, err)
	m := &manager{t: t, conn: conn, name: name, messages: make(chan notice, 1000)}
	raw, err := conn.SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) }))
	must(t, err)
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
		close(m.messages)
		for n := range m.messages {
			n.close()
		}
	})
	go func() {
		defer close(done)
		for {
			text, control := make([]byte, 8192), make([]byte, 8192)
			n, c, _, _, err := conn.ReadMsgUnix(text, control)
			if err != nil {
				return
			}
			m.messages <- parse(t, string(text[:n]), control[:c])
		}
	}()
	setenv(t, "NOTIFY_SOCKET", name)
	return m
}

func parse(t *testing.T, text string, control []byte) notice {
	n := notice{text: text}
	parts, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		t.Error(err)
	}
	for _, part := range parts {
		if c, err := unix.ParseUnixCredentials(&part); err == nil {
			n.pid = int(c.Pid)
		}
		fds, _ := unix.ParseUnixRights(&part)
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			n.files = append(n.files, os.NewFile(uintptr(fd), "sent"))
		}
	}
	return n
}

func (n notice) close() {
	for _, f := range n.files {
		_ = f.Close()
	}
}

// next waits for the next message.
func (m *manager) next() notice {
	m.t.Helper()
	select {
	case n := <-m.messages:
		return n
	case <-time.After(hangGuard):
		m.t.Fatal("no message came")
	}
	panic("unreachable")
}

// expect waits for the next message, which must have these lines and no others.
func (m *manager) expect(lines ...string) notice {
	m.t.Helper()
	n := m.next()
	if n.text != strings.Join(lines, "\n") {
		m.t.Errorf("got %q, want %q", n.text, lines)
	}
	return n
}

// none makes sure that no message came before this one: datagrams stay in
// order.
func (m *manager) none() {
	m.t.Helper()
	const last = "X_LAST=1"
	must(m.t, send(m.name, last))
	m.expect(last)
}

// setenv sets a variable of systemd's for the test; all are unset otherwise.
func setenv(t *testing.T, name, value string) {
	t.Helper()
	t.Setenv(name, value)
}

func newDaemon(o Options) (*legion.Daemon, *Service) {
	d := legion.New(legion.Config{Name: "served", Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), StopTimeout: 20 * time.Second})
	d.InProcess()
	s := New(o)
	d.Use(s)
	return d, s
}

// The test's own socket understands the messages of systemd's own program.
func TestForeignSender(t *testing.T) {
	program, err := exec.LookPath("systemd-notify")
	if err != nil {
		t.Skip("systemd-notify (package systemd) is not installed")
	}
	legiontest.CheckLeaks(t)
	for _, abstract := range []bool{false, true} {
		m := manage(t, abstract)
		cmd := exec.Command(program, "--ready", "--status=all is well", "WATCHDOG=1")
		must(t, cmd.Start())
		n := m.next()
		if !n.has("READY=1") || !n.has("STATUS=all is well") || !n.has("WATCHDOG=1") {
			t.Errorf("got %q", n.text)
		}
		// It may speak for its parent, as which it then sends, and it waits until its
		// last message, with a descriptor, is read and that is closed.
		if n.pid != cmd.Process.Pid && n.pid != os.Getpid() {
			t.Errorf("got it from process %d", n.pid)
		}
		if barrier := m.next(); !barrier.has("BARRIER=1") || len(barrier.files) != 1 {
			t.Errorf("got %q with %d descriptors", barrier.text, len(barrier.files))
		} else {
			barrier.close()
		}
		must(t, cmd.Wait())
	}
}

// lines calls fn for each line of r.
func lines(r io.Reader, fn func(string)) {
	for s := bufio.NewScanner(r); s.Scan(); {
		fn(s.Text())
	}
}
