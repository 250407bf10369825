package lock

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/leash"
	"github.com/legion-go/legion/legiontest"
)

// programKey makes the test binary one of the programs below.
const programKey = "LEGION_LOCK_TEST"

// hangGuard limits steps that should be quick; it measures nothing.
const hangGuard = 60 * time.Second

func TestMain(m *testing.M) {
	if what := os.Getenv(programKey); what != "" {
		leash.Wear()
		time.AfterFunc(hangGuard, func() { os.Exit(99) })
		program(strings.Fields(what)) // the new process of an upgrade is it, too
		os.Exit(0)
	}
	legiontest.Main(m)
}

// program is a daemon with a lock: "KIND LOCK [run] [gate] [inherit NAME…]". It
// says "ready" when it has started, and stops at the end of its standard input.
// With gate it starts at the end of descriptor 3. Otherwise, descriptors from 3
// on are those that it inherits by name.
func program(args []string) {
	kind, where, args := args[0], args[1], args[2:]
	if len(args) > 0 && args[0] == "run" {
		runDaemon(kind, where)
		return
	}
	if len(args) > 0 && args[0] == "gate" {
		gate := os.NewFile(3, "gate")
		_, _ = gate.Read(make([]byte, 1))
		_ = gate.Close()
		args = args[1:]
	}
	var start, stop func(context.Context) error
	if len(args) > 0 && args[0] == "inherit" {
		// It does not use the upgrade of package legion, which is on a higher floor.
		h := &fakeHost{inherited: map[string]*os.File{}}
		for i, name := range args[1:] {
			h.inherited[name] = os.NewFile(uintptr(3+i), name)
		}
		start, stop, _ = attached(kind, where, h)
	} else {
		d := newDaemon(kind, where)
		start, stop = d.Start, d.Stop
	}
	if err := start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	fmt.Println("ready", os.Getpid())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := stop(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
}

// runDaemon is a daemon that SIGUSR2 upgrades. Its new process says "ready",
// too.
func runDaemon(kind, where string) {
	d := newDaemon(kind, where)
	legion.On(d, func(context.Context, event.Started) error { fmt.Println("ready", os.Getpid()); return nil })
	if err := d.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

func newDaemon(kind, where string) *legion.Daemon {
	d := legion.New(legion.Config{Name: "locked", PID: legion.PIDMayChange, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	d.InProcess()
	d.Use(newLock(kind, where))
	return d
}

func newLock(kind, where string) legion.Plugin {
	if where == "-" {
		where = ""
	}
	switch kind {
	case "file":
		return File(where)
	case "abstract":
		return Abstract(where)
	case "none":
		return None()
	}
	panic(kind)
}

// attached returns a lock that belongs to h.
func attached(kind, where string, h *fakeHost) (start, stop func(context.Context) error, pass func()) {
	switch l := attach(kind, where, h).(type) {
	case *fileLock:
		return l.Start, l.Stop, l.pass
	case *abstractLock:
		return l.Start, l.Stop, l.pass
	}
	panic(kind)
}

func attach(kind, where string, h *fakeHost) legion.Plugin {
	p := newLock(kind, where)
	switch l := p.(type) {
	case *fileLock:
		l.daemon, l.failed = h, h.fail
	case *abstractLock:
		l.daemon, l.failed = h, h.fail
	}
	return p
}

// fakeHost is the part of a daemon that a lock uses.
type fakeHost struct {
	dir       string
	hard      bool
	kept      map[string]*os.File
	inherited map[string]*os.File
	copies    []*os.File
}

func (h *fakeHost) Name() string                 { return "locked" }
func (h *fakeHost) RuntimeDir() (string, error)  { return h.dir, nil }
func (h *fakeHost) RuntimePath() (string, error) { return h.dir, nil }
func (h *fakeHost) HardStart() bool              { return h.hard }
func (h *fakeHost) Keep(name string, f *os.File) {
	if h.kept == nil {
		h.kept = map[string]*os.File{}
	}
	if name == keptSocket {
		f = passable(f)
		h.copies = append(h.copies, f)
	}
	h.kept[name] = f
}
func (h *fakeHost) Inherited(name string) *os.File {
	f := h.inherited[name]
	delete(h.inherited, name)
	return f
}
func (h *fakeHost) fail(err error) { panic(err) }

// passable returns a copy that os/exec does not make blocking when it passes it
// on: the socket would block in this process, too.
func passable(f *os.File) *os.File {
	fd := -1
	err := control(f, func(old int) (err error) {
		if fd, err = unix.FcntlInt(uintptr(old), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.SetNonblock(fd, false)
	})
	if err != nil {
		panic(err)
	}
	other := os.NewFile(uintptr(fd), f.Name())
	if err := unix.SetNonblock(fd, true); err != nil {
		panic(err)
	}
	return other
}

// child is a running program.
type child struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	out    *bufio.Reader
	stderr *strings.Builder
	ended  bool
}

// run starts a program.
func run(t *testing.T, files []*os.File, args ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(os.Args[0]), stderr: &strings.Builder{}}
	c.cmd.Env = append(os.Environ(), programKey+"="+strings.Join(args, " "))
	c.cmd.Stderr = c.stderr
	c.cmd.ExtraFiles = files
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !c.ended {
			_ = c.cmd.Process.Kill()
			_ = c.cmd.Wait()
		}
	})
	return c
}

// ready waits until it has started, and reports if it has not.
func (c *child) ready() bool { return c.reads("ready " + c.pid()) }

func (c *child) reads(want string) bool {
	line, _ := c.out.ReadString('\n')
	return line == want+"\n"
}

func (c *child) pid() string { return strconv.Itoa(c.cmd.Process.Pid) }

// end waits for its end, and returns its exit code and what it wrote to
// standard error.
func (c *child) end() (code int, stderr string) {
	c.t.Helper()
	if c.ended {
		return c.cmd.ProcessState.ExitCode(), c.stderr.String()
	}
	_ = c.stdin.Close()
	_, _ = io.Copy(io.Discard, c.out)
	err := c.cmd.Wait()
	c.ended = true
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return c.cmd.ProcessState.ExitCode(), c.stderr.String()
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill()
	c.end()
}
