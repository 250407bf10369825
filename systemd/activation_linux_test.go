package systemd

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/legiontest"
)

// activated is a program that prints what systemd has passed: it answers one
// connection of each listener called "web" and prints what is in the file
// called "state". It ends when the first connection has been answered.
func activated() {
	if err := sayWhatWasPassed(); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func sayWhatWasPassed() error {
	s := New(Options{})
	s.daemon = &heir{}
	if err := s.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println("names", s.Names())
	for _, f := range s.env.files {
		flags, err := unix.FcntlInt(f.file.Fd(), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC == 0 {
			return fmt.Errorf("children inherit %s: %v", f.name, err)
		}
	}
	for _, name := range variables {
		if value := os.Getenv(name); value != "" {
			return fmt.Errorf("children would see %s=%s", name, value)
		}
	}
	files, err := s.Files("state")
	if err != nil {
		return err
	}
	for _, f := range files {
		b, err := io.ReadAll(f)
		if err != nil {
			return err
		}
		fmt.Println("state", string(b))
	}
	if _, err := s.Listeners("state"); err == nil && len(files) > 0 {
		return fmt.Errorf("a file is a listener")
	}
	listeners, err := s.Listeners("web")
	if err != nil {
		return err
	}
	for _, l := range listeners {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		_, _ = io.WriteString(c, "hello")
		_, _ = c.Close(), l.Close()
	}
	return s.Stop(context.Background())
}

// activatedBy returns the program as a child of sh, which knows its pid.
func activatedBy(t *testing.T, files []*os.File, names string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), programKey+"=activated", fmt.Sprint("LISTEN_FDS=", len(files)))
	if names != "" {
		cmd.Env = append(cmd.Env, "LISTEN_FDNAMES="+names)
	}
	cmd.ExtraFiles = files
	return cmd
}

func TestActivation(t *testing.T) {
	legiontest.CheckLeaks(t)
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "web"))
	must(t, err)
	defer l.Close()
	socket, err := l.(*net.UnixListener).File()
	must(t, err)
	defer socket.Close()
	path := filepath.Join(t.TempDir(), "state")
	must(t, os.WriteFile(path, []byte("kept"), 0o600))
	state, err := os.Open(path)
	must(t, err)
	defer state.Close()

	client, err := net.Dial("unix", l.Addr().String()) // waits in the queue
	must(t, err)
	defer client.Close()
	out := execute(t, activatedBy(t, []*os.File{socket, state}, "web:state"))
	if out != "names [web state]\nstate kept\n" {
		t.Errorf("it says %q", out)
	}
	if b, err := io.ReadAll(client); string(b) != "hello" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	if _, err := os.Stat(l.Addr().String()); err != nil {
		t.Error("closing the listener has removed systemd's socket:", err)
	}

	if out := execute(t, activatedBy(t, []*os.File{state}, "")); out != "names [unknown]\n" {
		t.Errorf("it says %q", out)
	}
	if out := execute(t, activatedBy(t, nil, "")); out != "names []\n" {
		t.Errorf("it says %q", out)
	}
}

// systemd's own program passes sockets in the same way.
func TestForeignActivation(t *testing.T) {
	program, err := exec.LookPath("systemd-socket-activate")
	if err != nil {
		t.Skip("systemd-socket-activate (package systemd) is not installed")
	}
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "web")
	cmd := exec.Command(program, "--listen="+path, "--fdname=web", "--setenv="+programKey+"=activated", os.Args[0])
	var out strings.Builder
	stderr, err := cmd.StderrPipe()
	must(t, err)
	cmd.Stdout = &out
	must(t, cmd.Start())
	said := make(chan string, 1)
	go func() {
		defer close(said)
		lines(stderr, func(line string) {
			if strings.HasPrefix(line, "Listening on ") {
				said <- line
			}
		})
	}()
	if _, ok := <-said; !ok {
		t.Fatal("it does not listen:", cmd.Wait())
	}
	client, err := net.Dial("unix", path)
	must(t, err)
	defer client.Close()
	if b, err := io.ReadAll(client); string(b) != "hello" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	for range said {
	}
	must(t, cmd.Wait())
	if out.String() != "names [web]\n" {
		t.Errorf("it says %q", out.String())
	}
}

// Store sends a descriptor that systemd can give to the next process.
func TestStore(t *testing.T) {
	legiontest.CheckLeaks(t)
	m := manage(t, false)
	d, s := newDaemon(Options{})
	legiontest.Start(t, d)
	m.expect("READY=1", "STATUS=ready")
	r, w, err := os.Pipe()
	must(t, err)
	defer r.Close()
	must(t, s.Store("the pipe", w))
	must(t, w.Close())
	n := m.expect("FDSTORE=1", "FDNAME=the pipe")
	if len(n.files) != 1 {
		t.Fatalf("%d descriptors came", len(n.files))
	}
	_, err = n.files[0].WriteString("x")
	must(t, err)
	n.close()
	if b, err := io.ReadAll(r); string(b) != "x" || err != nil {
		t.Errorf("got %q, %v", b, err)
	}
	must(t, s.Remove("the pipe"))
	m.expect("FDSTOREREMOVE=1", "FDNAME=the pipe")

	for _, name := range []string{"", "a:b", "a\nREADY=1", "ü", strings.Repeat("a", 256)} {
		if err := s.Store(name, r); err == nil || !strings.Contains(err.Error(), "printable ASCII") {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := s.Store("x", nil); err == nil {
		t.Error("nothing can be stored")
	}
	if err := s.Store("x", w); err == nil {
		t.Error("a closed file can be stored")
	}
	m.none()
}
