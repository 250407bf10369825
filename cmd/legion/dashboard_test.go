package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lib "github.com/legion-go/legion"
	"github.com/legion-go/legion/cli"
	"github.com/legion-go/legion/legiontest"
)

// running is a "legion dashboard" of a test.
type running struct {
	t     *testing.T
	out   chan string // lines
	in    io.Writer
	ended chan int
	stop  context.CancelFunc
}

// dashboardOf starts one for a daemon of this process.
func dashboardOf(t *testing.T, args ...string) *running {
	t.Helper()
	legiontest.CheckLeaks(t)
	dir := t.TempDir()
	d := lib.New(lib.Config{Name: "thumbs", RuntimeDir: dir, Control: "unix:", LogFile: filepath.Join(dir, "log"), Version: "v7"})
	d.InProcess()
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Stop(context.Background()) })
	return show(t, append([]string{filepath.Join(dir, "control.sock")}, args...)...)
}

// show starts one for the daemon that args begin with.
func show(t *testing.T, args ...string) *running {
	in, typed := io.Pipe()
	shown, out := io.Pipe()
	ctx, stop := context.WithCancel(context.Background())
	r := &running{t, make(chan string, 100), typed, make(chan int, 1), stop}
	go func() {
		for lines := bufio.NewScanner(shown); lines.Scan(); {
			r.out <- lines.Text()
		}
		close(r.out)
	}()
	l := tool()
	l.Stdin, l.Stdout, l.Stderr = in, out, io.Discard
	go func() {
		r.ended <- l.Run(ctx, append([]string{"dashboard"}, args...))
		_ = in.Close()
		_ = out.Close()
	}()
	t.Cleanup(r.end)
	return r
}

// end ends it as Ctrl-C does.
func (r *running) end() {
	r.stop()
	if code, first := <-r.ended; first {
		close(r.ended)
		if code != 0 {
			r.t.Errorf("exit code %d", code)
		}
	}
}

// until reads what is printed, up to a line with a text in it.
func (r *running) until(text string) string {
	r.t.Helper()
	for line := range r.out {
		if strings.Contains(line, text) {
			return strings.TrimSpace(line)
		}
	}
	r.t.Fatalf("it does not say %q", text)
	return ""
}

// open opens a link, as the page does, and returns what it gets.
func (r *running) open(link string) (session map[string]any) {
	r.t.Helper()
	base, token, _ := strings.Cut(link, "#token=")
	w, err := http.Post(base+"session", "application/json", strings.NewReader(fmt.Sprintf(`{"token":%q}`, token)))
	if err != nil {
		r.t.Fatal(err)
	}
	defer w.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	if err := json.NewDecoder(w.Body).Decode(&session); err != nil {
		r.t.Fatalf("%s: %d, %v", link, w.StatusCode, err)
	}
	return session
}

func TestDashboard(t *testing.T) {
	t.Setenv("SSH_CONNECTION", "")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	r := dashboardOf(t)
	if line := r.until("The dashboard of thumbs"); !strings.Contains(line, "the role read") {
		t.Errorf("it says %s", line)
	}
	link := r.until("http://127.0.0.1:")
	if s := r.open(link); s["role"] != "read" || s["daemon"] != "thumbs" || s["version"] != "v7" || s["commands"] != "thumbs" {
		t.Errorf("the session is %v", s)
	}
	r.until("no display")
	fmt.Fprintln(r.in)
	if s := r.open(r.until("http://127.0.0.1:")); s["role"] != "read" {
		t.Errorf("the session of another link is %v", s)
	}
	r.end()
}

// A script gets the link as JSON; --role and --command reach the page.
func TestDashboardJSON(t *testing.T) {
	r := dashboardOf(t, "--json", "--print", "--role", "operate", "--command", "./thumbs", "--addr", "[::1]:0")
	var said struct{ Link, Daemon, Role string }
	if err := json.Unmarshal([]byte(r.until("link")), &said); err != nil || said.Daemon != "thumbs" || said.Role != "operate" || !strings.HasPrefix(said.Link, "http://[::1]:") {
		t.Fatalf("it says %+v, %v", said, err)
	}
	if s := r.open(said.Link); s["role"] != "operate" || s["commands"] != "./thumbs" {
		t.Errorf("the session is %v", s)
	}
	fmt.Fprintln(r.in)
	before := said.Link
	if err := json.Unmarshal([]byte(r.until("link")), &said); err != nil || said.Link == before {
		t.Errorf("another link is %+v, %v", said, err)
	}
	r.end()
}

func TestDashboardOverSSH(t *testing.T) {
	t.Setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
	t.Setenv("DISPLAY", ":0")
	r := dashboardOf(t)
	link := r.until("http://127.0.0.1:")
	_, port, _ := strings.Cut(strings.TrimPrefix(link, "http://"), ":")
	port, _, _ = strings.Cut(port, "/")
	if line := r.until("ssh -N -L"); !strings.Contains(line, port+":127.0.0.1:"+port+" ") {
		t.Errorf("for the port %s it says %s", port, line)
	}
	r.end()
}

// The browser is started with a file that only this user can read, and that is
// gone with the dashboard; so the secret is in no argument.
func TestDashboardBrowser(t *testing.T) {
	home, bin := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("SSH_CONNECTION", "")
	t.Setenv("DISPLAY", ":0")
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	told := filepath.Join(t.TempDir(), "told")
	script := fmt.Sprintf("#!/bin/sh\n{ echo \"$@\"; stat -c %%a \"$1\"; cat \"$1\"; } >%s.part; mv %[1]s.part %[1]s\n", told)
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r := dashboardOf(t)
	link := r.until("http://127.0.0.1:")
	var text []byte
	for end := time.Now().Add(30 * time.Second); text == nil && time.Now().Before(end); time.Sleep(time.Millisecond) { // the browser gives no other sign
		text, _ = os.ReadFile(told)
	}
	argument, rest, _ := strings.Cut(string(text), "\n")
	if filepath.Dir(argument) != home || strings.HasPrefix(filepath.Base(argument), ".") || !strings.HasPrefix(rest, "600\n") ||
		!strings.Contains(rest, `content="0; url=`+link+`"`) || strings.Contains(argument, "token") {
		t.Errorf("the browser got %s", text)
	}
	r.end()
	if left, _ := os.ReadDir(home); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDashboardRefuses(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	for says, c := range map[string]struct {
		args []string
		code int
	}{
		"not running":    {[]string{"no-daemon-has-this-name"}, cli.ExitNotRunning},
		"read, operate":  {[]string{"thumbs", "--role", "root"}, cli.ExitUsage},
		"or admin":       {[]string{"thumbs", "--role", "none"}, cli.ExitUsage},
		"DAEMON":         {nil, cli.ExitUsage},
		"older version ": {[]string{fakeDaemonOf(t)}, cli.ExitFailed},
	} {
		code, stdout, stderr := legion(t, append([]string{"dashboard"}, c.args...)...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, says) {
			t.Errorf("dashboard %q: exit code %d, %q, %q; want %d and %q", c.args, code, stdout, stderr, c.code, says)
		}
	}
}

// fakeDaemonOf is a daemon that knows no method.
func fakeDaemonOf(t *testing.T) string {
	return fakeDaemon(t, "old-of-test", func(to io.Writer, id json.RawMessage) {
		fmt.Fprintf(to, `{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}`+"\n", id)
	})
}
