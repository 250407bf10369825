package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/lock"
	"github.com/legion-go/legion/status"
)

// holdsKey is the folder of the FIFOs at which the daemon stops, see held, and
// in which its runtime folder is.
const holdsKey = "LEGION_CLI_TEST_HOLDS"

// sites is the daemon whose states the verbs are tried in.
func sites(c legion.Config) *legion.Daemon {
	c.Name, c.StopTimeout = "sites", time.Minute
	d := legion.New(c)
	legion.Worker(d, "echo", func(_ context.Context, s string) (string, error) { return s, nil }, legion.Pool{Max: 2})
	legion.Worker(d, "slow", func(context.Context, string) (string, error) { return "done", held("call") }, legion.Pool{})
	legion.Worker(d, "die", func(context.Context, string) (string, error) { os.Exit(3); return "", nil }, legion.Pool{Max: 1, MaxRestarts: 1})
	legion.Task(d, "sum", func(context.Context, string) (int, error) { return 42, nil }, legion.TaskOptions{})
	legion.Method(d, "hang", "Hangs.", func(context.Context, struct{}) (bool, error) { return true, held("loop") })
	d.Init(func(context.Context) error { return held("init") })
	d.Use(lock.File(""))
	return d
}

// sitesMain is its program. As "embedded" it is part of a program that does not
// end with it.
func sitesMain(program string) {
	d := sites(legion.Config{RuntimeDir: os.Getenv("SITES_DIR"), Control: os.Getenv("SITES_CONTROL")})
	if program == "sites" {
		Main(d)
	}
	if err := d.Start(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = d.Wait()
	select {}
}

// held waits at a place, if a test holds it, until the test lets go, and fails
// if the test says so.
func held(place string) error {
	f, err := os.Open(filepath.Join(os.Getenv(holdsKey), place)) // waits for the test to open it, too
	if err != nil {
		return nil
	}
	defer f.Close()
	if why, _ := io.ReadAll(f); len(why) > 0 {
		return errors.New(string(why))
	}
	return nil
}

// site is a daemon in a state, and a user who tries the verbs on it.
type site struct {
	t      *testing.T
	dir    string // a short name: sockets are in it
	folder string // the daemon's runtime folder
	socket string
	config legion.Config // of the command line that runs in this process
	env    []string      // of one that is a process of its own
	pid    int
}

// newSite returns one whose daemon has its runtime folder named.
func newSite(t *testing.T) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "cli")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	run := filepath.Join(dir, "run")
	return &site{
		t: t, dir: dir, folder: run, socket: filepath.Join(run, "control.sock"), config: legion.Config{RuntimeDir: run},
		env: []string{"SITES_DIR=" + run},
	}
}

// hold makes the daemon stop at a place. The returned function waits until the
// daemon is there.
func (s *site) hold(place string) (arrived func() *hold) {
	s.t.Helper()
	path := filepath.Join(s.dir, place)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return func() *hold {
		s.t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			s.t.Fatal(err)
		}
		_ = os.Remove(path) // the next one passes
		h := &hold{f}
		s.t.Cleanup(h.letGo)
		return h
	}
}

// hold is a place where the daemon waits.
type hold struct{ f *os.File }

func (h *hold) letGo() { _ = h.f.Close() }

// fail lets the daemon go on, with an error.
func (h *hold) fail(why string) {
	_, _ = h.f.WriteString(why)
	h.letGo()
}

// command is a command line of the daemon's program, as a process.
func (s *site) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append(args, "-o", "log_file="+s.dir+"/log")...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "XDG_") && !strings.HasPrefix(e, "NOTIFY_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(append(cmd.Env, programKey+"=sites", holdsKey+"="+s.dir, "TMPDIR="+s.dir), s.env...)
	return cmd
}

// run starts the daemon in the foreground, and does not wait until it runs.
func (s *site) run(flags ...string) {
	s.t.Helper()
	cmd := s.command(append([]string{"run"}, flags...)...)
	cmd.Env = append(cmd.Env, "SITES_DIR="+s.folder)
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// exec runs a command line that ends, and may leave a daemon in the background.
func (s *site) exec(args ...string) result {
	s.t.Helper()
	u := &user{t: s.t, dir: s.dir}
	r := u.finish(s.command(args...))
	r.stderr = strings.ReplaceAll(r.stderr, "thumbs", "sites")
	return r
}

// running waits until the daemon says that it runs, and returns a connection to
// it.
func (s *site) running() *client.Client {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second) // a guard, no measure
	defer cancel()
	for pause := time.NewTicker(5 * time.Millisecond); ; <-pause.C {
		c, err := client.Dial(ctx, s.socket, client.Options{})
		var hello status.Hello
		if err == nil {
			err = c.Call(ctx, "daemon.hello", nil, &hello)
		}
		switch absent := (*client.NotRunningError)(nil); {
		case err == nil && hello.State == "running":
			s.pid = hello.PID
			s.t.Cleanup(func() { _ = c.Close() })
			return c
		case err == nil:
			_ = c.Close()
		case !errors.As(err, &absent) && !errors.Is(err, client.ErrClosed):
			s.t.Fatal(err)
		}
	}
}

// call calls a method without waiting for its end.
func (s *site) call(c *client.Client, method string, params any) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = c.Call(context.Background(), method, params, nil)
	}()
	s.t.Cleanup(func() { _ = c.Close(); <-over })
}

// until waits for a state that the daemon says it is in.
func (s *site) until(state string) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); { // a guard, no measure
		if r := s.say("status"); strings.HasPrefix(r.stdout, "sites is "+state) {
			return
		}
	}
	s.t.Fatalf("it is never %s", state)
}

// say runs a command line of the daemon's program in this process.
func (s *site) say(args ...string) result {
	p := newProgram(sites(s.config), nil)
	p.name = "sites"
	return runProgram(s.t, p, args)
}

// tell runs a command line of a tool for any daemon.
func tell(t *testing.T, args ...string) result {
	p := newProgram(nil, nil)
	p.name, p.tool = "legion", &Tool{}
	return runProgram(t, p, args)
}

func runProgram(t *testing.T, p *program, args []string) result {
	var out, errs bytes.Buffer
	p.stdin, p.stdout, p.stderr = strings.NewReader(""), &printer{w: &out}, &printer{w: &errs}
	code := p.main(t.Context(), args)
	return result{code, out.String(), errs.String()}
}

// expect compares the outcome of a command line with "CODE TEXT", where the
// text is a part of its output, and writes it into the test's log. A code "?"
// is any.
func expect(t *testing.T, state, line string, r result, want string) {
	t.Helper()
	said := strings.TrimSpace(r.stdout + r.stderr)
	if lines := strings.Split(said, "\n"); len(lines) > 4 {
		said = strings.Join(lines[:4], "\n") + "\n…"
	}
	t.Logf("(%s) $ %s\n%s\ncode %d", state, line, said, r.code)
	code, text, _ := strings.Cut(want, " ")
	if code != "?" && code != fmt.Sprint(r.code) || !strings.Contains(r.stdout+r.stderr, text) {
		t.Errorf("(%s) %s: want %q in it\ncode %d\nstdout %s\nstderr %s", state, line, want, r.code, r.stdout, r.stderr)
	}
}

// after returns a channel that says when a command line waits: it has had time
// to look at the daemon. One that does not wait ends sooner.
func after(t *testing.T) <-chan time.Time {
	t.Helper()
	return time.After(400 * time.Millisecond)
}

// isStopped reports whether the process has been stopped by a signal.
func isStopped(t *testing.T, pid int) bool {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(stat, []byte(") T "))
}
