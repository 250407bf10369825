package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// terminal is a tmux with one window, in which a shell runs a command.
type terminal struct {
	t      *testing.T
	socket string
	dir    string
}

// open runs legion-top in a terminal of that size, as a shell would: before and
// after it the shell notes how the terminal is set.
func open(t *testing.T, width, height int, env []string, args ...string) *terminal {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Fatal("this test needs tmux: .ci/install installs it")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var command strings.Builder
	for _, a := range append([]string{self}, args...) {
		fmt.Fprintf(&command, " '%s'", a)
	}
	script := filepath.Join(dir, "script")
	text := fmt.Sprintf("stty -a > %[1]s/before\n%[2]s 2> %[1]s/errors\necho $? > %[1]s/code\nstty -a > %[1]s/after\necho the shell goes on\nread _\n", dir, command.String())
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	term := &terminal{t, filepath.Join(dir, "tmux"), dir}
	start := []string{"new-session", "-d", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height)}
	for _, e := range append([]string{asKey + "=yes", "LANG=C.UTF-8", "LC_ALL="}, env...) {
		start = append(start, "-e", e)
	}
	term.tmux(append(start, "sh", script)...)
	t.Cleanup(func() { _ = exec.Command("tmux", "-S", term.socket, "kill-server").Run() })
	return term
}

func (term *terminal) tmux(args ...string) string {
	term.t.Helper()
	out, err := exec.Command("tmux", append([]string{"-f", os.DevNull, "-S", term.socket}, args...)...).CombinedOutput()
	if err != nil {
		term.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// keys presses keys, as tmux names them.
func (term *terminal) keys(names ...string) {
	term.t.Helper()
	term.tmux(append([]string{"send-keys"}, names...)...)
}

// shows waits until all of the texts are on the screen.
func (term *terminal) shows(texts ...string) string {
	term.t.Helper()
	var screen string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		screen = term.tmux("capture-pane", "-p", "-e")
		plain := term.tmux("capture-pane", "-p")
		all := true
		for _, text := range texts {
			all = all && strings.Contains(plain, text)
		}
		if all {
			return screen
		}
	}
	term.t.Fatalf("%q does not appear:\n%s", texts, screen)
	return ""
}

// ended waits for the end of the program, and compares how the terminal is set
// with how it was.
func (term *terminal) ended() (code, errors string) {
	term.t.Helper()
	term.shows("the shell goes on")
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(term.dir, name))
		if err != nil {
			term.t.Fatal(err)
		}
		return string(b)
	}
	if before, after := read("before"), read("after"); before != after {
		term.t.Errorf("the terminal was\n%sand is\n%s%s", before, after, read("errors"))
	}
	if flags := term.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"); strings.TrimSpace(flags) != "0 1 0" {
		term.t.Errorf("the alternate screen, the cursor, the mouse: %s", flags)
	}
	return strings.TrimSpace(read("code")), read("errors")
}

// It shows a daemon that works, in every size, and a resize of the terminal.
func TestSizes(t *testing.T) {
	d, address := begin(t)
	if _, err := d.nap.Call(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	term := open(t, 80, 24, nil, address)
	term.shows("trial  running", "live", "nap", "double", "2/4", "calls/s")
	for _, size := range [][2]int{{200, 60}, {60, 12}, {120, 40}} {
		term.tmux("resize-window", "-x", strconv.Itoa(size[0]), "-y", strconv.Itoa(size[1]))
		term.keys("2")
		term.shows("PROCESS", "├─ ", "trial "+strconv.Itoa(os.Getpid()))
		term.keys("1")
		term.shows("calls/s", "POOL")
	}
	term.tmux("resize-window", "-x", "40", "-y", "10")
	term.shows("this terminal has 40 × 10")
	term.tmux("resize-window", "-x", "80", "-y", "24")
	for key, shows := range map[string]string{"3": "FUNCTION", "4": "slow, ok", "6": "started", "8": "process " + strconv.Itoa(os.Getpid()), "?": "recycle a pool"} {
		term.keys(key)
		term.shows(shows)
	}
	term.keys("q")
	if code, errs := term.ended(); code != "0" || errs != "" {
		t.Errorf("code %s, %s", code, errs)
	}
}

// A worker is killed after a question; its certificate is there, and the keys
// that change nothing ask nothing.
func TestKillInATerminal(t *testing.T) {
	d, address := begin(t)
	term := open(t, 120, 40, nil, address)
	term.shows("live")
	fut := d.nap.Go(t.Context(), time.Hour)
	term.keys("4")
	term.shows("running  nap") // the call is in a worker
	term.keys("2")
	term.shows("nap")
	term.keys("/", "n", "a", "p", "Enter", ">") // those that run longest first
	term.shows("FOR↓")
	term.keys("g", "j", "x")
	term.shows("kill pid", "Its call nap fails", "y/n")
	term.keys("n")
	term.keys("x")
	term.shows("y/n")
	term.keys("y")
	if _, err := fut.Result(); err == nil {
		t.Error("the call has a result")
	}
	term.keys("5")
	term.shows("kill", "nap", "CAUSE")
	term.keys("Enter")
	term.shows("Certificate", "pool nap")
	term.keys("q")
	term.ended()
}

// With --read-only it changes nothing.
func TestReadOnlyInATerminal(t *testing.T) {
	d, address := begin(t)
	term := open(t, 80, 24, nil, "--read-only", address)
	term.shows("read only", "nap")
	term.keys("p")
	term.shows("--read-only: it changes nothing")
	if p := d.nap.Pool().Stats(); p.State != "running" {
		t.Errorf("the pool is %s", p.State)
	}
	term.keys("q")
	term.ended()
}

// A token for a daemon on TCP comes from a file that the environment names.
func TestTokenInATerminal(t *testing.T) {
	const secret = "a-token-of-this-test-with-32-bytes"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	d := legion.New(legion.Config{Name: "trial", Control: "tcp://127.0.0.1:0", Access: map[string]legion.Role{"token:" + secret: legion.RoleRead}})
	d.InProcess()
	legiontest.Start(t, d)
	address, err := d.ControlAddresses()
	if err != nil {
		t.Fatal(err)
	}
	term := open(t, 100, 24, nil, address[0])
	term.shows("not allowed", "LEGION_TOKEN_FILE")
	term.keys("q")
	term.ended()
	term = open(t, 100, 24, []string{"LEGION_TOKEN_FILE=" + file}, address[0])
	term.shows("trial  running", "read  live")
	term.keys("q")
	term.ended()
}

// It waits for a daemon that does not run, and says so; Ctrl-C ends it.
func TestAbsentDaemon(t *testing.T) {
	term := open(t, 100, 24, nil, "unix:///nowhere/control.sock")
	term.shows("away", "no daemon listens at", "next try in")
	term.keys("C-c")
	term.ended()
}

// A terminal without UTF-8 gets ASCII, one with NO_COLOR no colours, and after
// a panic it is as it was.
func TestPoorTerminals(t *testing.T) {
	_, address := begin(t)
	term := open(t, 80, 24, []string{"LANG=C", "NO_COLOR=1"}, address)
	screen := term.shows("live", "nap")
	term.keys("2")
	screen += term.shows("|- ")
	for _, r := range screen {
		if r > 126 {
			t.Errorf("%q is not ASCII", r)
		}
	}
	for _, colour := range []string{"[31m", "[32m", "[33m", "[36m"} {
		if strings.Contains(screen, colour) {
			t.Errorf("it has the colour %s although NO_COLOR is set", colour)
		}
	}
	term.keys("q")
	term.ended()

	term = open(t, 80, 24, []string{asKey + "=panics"}, address)
	term.shows("live")
	term.keys("P")
	if code, errs := term.ended(); code == "0" || !strings.Contains(errs, "panic") {
		t.Errorf("after a panic: code %s, %s", code, errs)
	}
}
