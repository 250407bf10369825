package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/client"
	"github.com/legion-go/legion/internal/slow"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// user runs a program's command lines as a user does.
type user struct {
	t       *testing.T
	program string // as programKey has it
	dir     string // the daemon's runtime folder
	env     []string
}

// newUser returns one whose daemon, if one runs at the end, is stopped, and
// that leaves nothing in this process.
func newUser(t *testing.T) *user {
	t.Helper()
	legiontest.CheckLeaks(t)
	return oneOfMany(t)
}

// oneOfMany returns a user beside others, in tests that run in parallel.
func oneOfMany(t *testing.T) *user {
	t.Helper()
	dir, err := os.MkdirTemp("", "cli") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	u := &user{t: t, program: "thumbs", dir: dir}
	t.Cleanup(func() {
		u.run("stop")
		_ = os.RemoveAll(dir)
	})
	return u
}

func (u *user) command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "XDG_") && !strings.HasPrefix(e, "NOTIFY_") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	cmd.Env = append(append(cmd.Env, programKey+"="+u.program, "THUMBS_DIR="+u.dir, "TMPDIR="+u.dir), u.env...)
	return cmd
}

// result is the outcome of a command line.
type result struct {
	code           int
	stdout, stderr string
}

func (u *user) run(args ...string) result {
	u.t.Helper()
	return u.finish(u.command(args...))
}

func (u *user) finish(cmd *exec.Cmd) (r result) {
	u.t.Helper()
	// Files, not pipes, which the daemon in the background might hold open.
	files := [2]*os.File{}
	for i := range files {
		f, err := os.CreateTemp(u.dir, "out")
		if err != nil {
			u.t.Fatal(err)
		}
		defer os.Remove(f.Name())
		defer f.Close()
		files[i] = f
	}
	cmd.Stdout, cmd.Stderr = files[0], files[1]
	err := cmd.Run()
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		r.code = exited.ExitCode()
	} else if err != nil {
		u.t.Fatal(err)
	}
	var out [2][]byte
	for i, f := range files {
		if out[i], err = os.ReadFile(f.Name()); err != nil {
			u.t.Fatal(err)
		}
	}
	r.stdout, r.stderr = string(out[0]), string(bytes.ReplaceAll(out[1], []byte(filepath.Base(os.Args[0])), []byte("thumbs")))
	return r
}

// expect runs a command line that ends with code, and whose outputs contain
// these.
func (u *user) expect(code int, stdout, stderr string, args ...string) result {
	u.t.Helper()
	r := u.run(args...)
	if r.code != code || !strings.Contains(r.stdout, stdout) || !strings.Contains(r.stderr, stderr) {
		u.t.Errorf("thumbs %s: code %d, want %d\nstdout %q, want %q in it\nstderr %q, want %q in it",
			strings.Join(args, " "), r.code, code, r.stdout, stdout, r.stderr, stderr)
	}
	return r
}

// The life of a daemon, by the exit codes that init scripts rely on.
func TestLife(t *testing.T) {
	u := newUser(t)
	socket := filepath.Join(u.dir, "control.sock")
	u.expect(StatusStopped, "thumbs is stopped", "", "status")
	u.expect(ExitOK, "thumbs is not running", "", "stop")
	u.expect(ExitNotRunning, "", "thumbs: not running: no process listens at "+socket+"; start it with: thumbs start\n", "ps")

	u.start("start")
	u.expect(ExitOK, "thumbs is running\n", "", "status")
	u.expect(ExitOK, `"state": "running"`, "", "status", "--json")
	u.expect(ExitOK, "thumbs runs already, pid ", "", "start")

	u.expect(ExitOK, "\"x\"\n", "", "call", "echo", `"x"`)
	u.expect(ExitOK, "0\n1\n2\n", "", "call", "count", "3")
	u.expect(ExitFailed, "", "wait: timed out", "call", "wait", "--timeout", "10ms")
	u.expect(ExitFailed, "", "it fails\n", "task", "run", "fail")
	u.expect(ExitFailed, "", `there is no function "nobody"`, "call", "nobody")
	u.expect(ExitUsage, "", "the JSON does not end: {", "call", "echo", "{")
	u.expect(ExitUsage, "", `the JSON is wrong: invalid character '}' looking for beginning of object key string, after {"n": 5,`, "call", "echo", `{"n": 5,}`)
	u.expect(ExitUsage, "", "the JSON is wrong: invalid character 'x' after top-level value, after [1] ", "call", "echo", "[1] x")
	u.expect(ExitUsage, "", `"text" is not JSON: write text in quotes`, "call", "echo", "text")
	u.expect(ExitUsage, "", "the standard input is empty", "call", "echo", "-")
	u.expect(ExitOK, "pool echo: 2 to 2 workers\n", "", "pool", "scale", "echo", "2")
	u.expect(ExitOK, "pool echo is stopped\n", "", "pool", "stop", "echo")
	u.expect(ExitOK, "echo is stopped\n", "", "worker", "status", "echo")
	u.expect(ExitOK, "pool echo: resumed\n", "", "pool", "resume", "echo")
	u.expect(ExitOK, "pool echo: paused\n", "", "worker", "pause", "echo")
	u.expect(ExitOK, "echo is paused\n", "", "worker", "status", "echo")
	u.expect(ExitOK, "pool echo: resumed\n", "", "worker", "resume")
	u.expect(ExitOK, "pool echo: all its functions can be called again\n", "", "pool", "readmit", "echo")
	u.expect(ExitOK, "pool echo: echo can be called again\n", "", "pool", "readmit", "echo", "echo")
	u.expect(ExitOK, "echo  ", "", "worker", "status")
	u.expect(ExitFailed, "", `there is no pool "handyman"`, "worker", "pause", "handyman")
	u.expect(ExitOK, `"max": 2`, "", "pool", "status", "echo", "--json")
	u.expect(ExitOK, "every 1h", "", "cron", "ls")
	u.expect(ExitOK, "WARN\n", "", "loglevel", "warn")
	u.expect(ExitOK, "log_file", "", "config", "show")
	u.expect(ExitOK, "Changes how many workers there are.", "", "rpc", "help", "pool.scale")
	u.expect(ExitOK, "true\n", "", "rpc", "call", "pool.pause", `{"pool": "echo"}`)
	u.expect(ExitOK, "pool echo: resumed\n", "", "pool", "resume", "echo")
	u.expect(ExitOK, "goroutine ", "", "worker", "stack")
	u.expect(ExitOK, "thumbs has reloaded\n", "", "reload")

	before := u.pid()
	u.expect(ExitOK, "thumbs has been upgraded, pid ", "", "upgrade")
	upgraded := u.pid()
	if upgraded == before {
		t.Error("upgrade has changed nothing")
	}
	u.expect(ExitOK, "thumbs has stopped\n", "thumbs runs in the background, pid ", "restart", "-o", "log_file="+u.dir+"/log")
	u.running()
	restarted := u.pid()
	if restarted == upgraded {
		t.Error("restart has changed nothing")
	}
	u.expect(ExitOK, "thumbs has stopped\n", "", "stop")
	u.gone(restarted)
	u.expect(StatusStopped, "thumbs is stopped", "", "status")
	u.expect(ExitOK, "msg=stopped", "this is the end of "+u.dir+"/log\n", "logs", "-o", "log_file="+u.dir+"/log")
}

// start starts the daemon in the background, and waits until it says that it
// runs.
func (u *user) start(flags ...string) {
	u.t.Helper()
	u.expect(ExitOK, "", "thumbs runs in the background, pid ", append(flags, "-o", "log_file="+u.dir+"/log")...)
	u.running()
}

func (u *user) running() {
	u.t.Helper()
	ctx, cancel := context.WithTimeout(u.t.Context(), 30*time.Second) // a guard, no measure
	defer cancel()
	c, err := client.Dial(ctx, filepath.Join(u.dir, "control.sock"), client.Options{})
	if err != nil {
		u.t.Fatal(err)
	}
	defer c.Close()
	for s, err := range client.Stream[status.Daemon](ctx, c, "stats.follow", map[string]float64{"every": 0.1}) {
		if err != nil {
			u.t.Fatal(err)
		}
		if s.State == "running" {
			return
		}
	}
}

// pid returns that of the daemon that runs.
func (u *user) pid() int {
	u.t.Helper()
	var hello struct{ PID int }
	r := u.expect(ExitOK, "pid", "", "rpc", "call", "daemon.hello")
	if err := json.Unmarshal([]byte(r.stdout), &hello); err != nil {
		u.t.Fatal(err)
	}
	return hello.PID
}

// gone makes sure that a process has ended when stop has said so. One that its
// parent has not waited for may still be listed.
func (u *user) gone(pid int) {
	u.t.Helper()
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil && !bytes.Contains(b, []byte(") Z ")) {
		u.t.Errorf("stop has returned, and process %d is still there: %s", pid, b)
	}
}

// Each mistake has its exit code, and a message that says what to do.
func TestMistakes(t *testing.T) {
	u := newUser(t)
	for _, c := range []struct {
		args   string
		code   int
		stderr string
	}{
		{"statsu", ExitUsage, `there is no verb "statsu"; did you mean thumbs stats?`},
		{"xyzzy", ExitUsage, `there is no verb "xyzzy": thumbs -h lists them`},
		{"pool scale echo", ExitUsage, "an operand is missing: write thumbs pool scale POOL MIN [MAX]"},
		{"pool scale echo 3 2", ExitUsage, "MAX at least 1 and not below MIN"},
		{"ps one", ExitUsage, `"one" is too much: thumbs ps takes no operands`},
		{"ps --jsn", ExitUsage, "there is no flag --jsn; did you mean --json?"},
		{"status -evry 1s", ExitUsage, "there is no flag --evry; did you mean --every?"},
		{"ps --nope", ExitUsage, "there is no flag --nope: thumbs ps -h lists the flags"},
		{"status --every soon", ExitUsage, `--every "soon": give a number and its unit, as in 500ms, 2s or 1h30m: thumbs status -h`},
		{"logs -n many", ExitUsage, `-n "many": give a whole number`},
		{"logs -n 99999999999999999999", ExitUsage, `-n "99999999999999999999": it is too large`},
		{"ps --json=perhaps", ExitUsage, `--json "perhaps": give true or false`},
		{"worker pause --pool=", ExitUsage, "--pool is empty: give it a value, or leave it out"},
		{"logs -n", ExitUsage, "the flag -n needs a value"},
		{"-d ps", ExitUsage, "-d, -f, -v and -s are flags of"},
		{"run -d -f", ExitUsage, "-d and -f exclude each other"},
		{"start -f", ExitUsage, "-f and the background exclude each other"},
		{"run -o log_levl=debug", ExitUsage, "-o log_levl=debug: there is no such key; did you mean log_level?"},
		{"run -o stop_timeout=5", ExitUsage, "write a number and its unit, as in 500ms"},
		{"run -o nothing", ExitUsage, "write it as name=value"},
		{"run -o name=other", ExitUsage, "there is no such key"},
		{"run -o log_format=xml", ExitNotConfigured, "LogFormat"},
		{"worker kill one", ExitUsage, `"one" is not a pid: thumbs ps lists them`},
		{"worker kill echo/one", ExitUsage, `"echo/one" is not a worker's pool/number`},
		{"death show one", ExitUsage, `"one" is not the number of a death`},
		{"death show 0", ExitUsage, `"0" is not the number of a death`},
		{"task cancel one", ExitUsage, `"one" is not the number of a run`},
		{"completion tcsh", ExitUsage, "SHELL is bash, zsh or fish"},
		{"ps -o control=none", ExitNotConfigured, "thumbs has no control socket"},
		{"-o log_level=debug", ExitUsage, "the verb is missing"},
	} {
		u.expect(c.code, "", c.stderr, strings.Fields(c.args)...)
	}
	u.env = []string{"THUMBS_FAILS=1"}
	if r := u.expect(ExitFailed, "", "it cannot start", "start"); strings.Count(r.stderr, "it cannot start") != 1 {
		t.Errorf("it is not said once why it cannot start: %s", r.stderr)
	}
	u.expect(ExitNotConfigured, "", "Config.LogFile: its folder must exist: ", "-o", "log_file="+u.dir+"/none/log", "config", "check")
	u.expect(ExitFailed, "", "it cannot start", "run", "-o", "log_file="+u.dir+"/log")
}

// A killed daemon leaves a socket at which no process answers.
func TestDead(t *testing.T) {
	u := newUser(t)
	u.start("start")
	pid := u.pid()
	gone, forget := watchProcess(pid)
	defer forget()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-gone
	u.expect(StatusDead, "thumbs is dead: its socket ", "", "status")
	u.expect(ExitOK, "thumbs is not running", "", "stop")
	u.expect(ExitOK, "", "runs in the background", "start", "-o", "log_file="+u.dir+"/log")
}

// A daemon that holds its lock runs, whether it can be reached or not. The test
// takes the daemon's part.
func TestLockedWithoutSocket(t *testing.T) {
	slow.Test(t, "waits until commands give up", "3 s")
	u := newUser(t)
	u.env = []string{"THUMBS_LOCK=1"}
	u.expect(StatusStopped, "thumbs is stopped", "", "status")
	path := filepath.Join(u.dir, "thumbs.lock")
	pid := strconv.Itoa(os.Getpid())
	if err := os.WriteFile(path, []byte(pid+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	u.expect(StatusStopped, "thumbs is stopped", "", "status") // the file alone says nothing
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	says := "process " + pid + " holds the lock " + path
	u.expect(StatusUnknown, "", says, "status")
	u.expect(ExitFailed, "", says, "start")
	u.expect(ExitFailed, "", says, "stop")
}

// A daemon in the foreground belongs to the process that started it: it is not
// stopped and started again without that process.
func TestRestartWithFlagsInTheForeground(t *testing.T) {
	u := newUser(t)
	cmd := u.command("run", "-o", "log_file="+u.dir+"/log")
	out, err := os.Create(filepath.Join(t.TempDir(), "output"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			printed, _ := os.ReadFile(out.Name())
			logged, _ := os.ReadFile(u.dir + "/log")
			t.Logf("it printed\n%s\nand logged\n%s", printed, logged)
		}
	}()
	defer func() {
		u.run("stop")
		_ = cmd.Process.Kill() // if that has failed
		_ = cmd.Wait()
	}()
	for end := time.Now().Add(30 * time.Second); u.run("status").code != StatusRunning && time.Now().Before(end); { // a guard, no measure
	}
	u.running()
	u.expect(ExitUsage, "", "may wait for it", "restart", "-o", "log_level=debug")
	if pid := u.pid(); pid != cmd.Process.Pid {
		t.Errorf("it is process %d now, not %d", pid, cmd.Process.Pid)
	}
	u.expect(ExitOK, "runs again", "", "restart")
	u.expect(ExitOK, "has stopped", "", "stop")
}

// Without a verb: help, the ancestor's flags, the program's own.
func TestWithoutVerb(t *testing.T) {
	u := newUser(t)
	for _, args := range [][]string{nil, {"-h"}, {"--help"}, {"help"}} {
		u.expect(ExitOK, "Starting and stopping\n", "", args...)
	}
	u.expect(ExitOK, "Usage: ", "", "pool")
	u.expect(ExitOK, " pool scale [FLAG…] POOL MIN [MAX]\n", "", "pool", "scale", "-h")
	u.expect(ExitOK, " pool scale [FLAG…] POOL MIN [MAX]\n", "", "help", "pool", "scale")
	u.expect(ExitOK, "pictures [a --b]\n", "", "-folder", "pictures", "folder", "a", "--", "--b")
	u.expect(ExitOK, "thumbs makes thumbnails.\n", "", "help")
	u.expect(ExitOK, "-d, --daemon ", "", "run", "-h")
	u.start("run", "--daemon", "--verbose")
	u.expect(ExitOK, "DEBUG\n", "", "loglevel")
	u.expect(ExitOK, "thumbs has been upgraded", "", "upgrade")
	u.expect(ExitOK, "DEBUG\n", "", "loglevel")
}

// The unit is for this machine's systemd and starts what this command line
// would. systemd's own checker, which starts nothing, accepts it.
func TestUnit(t *testing.T) {
	u := newUser(t)
	line := os.Args[0] + " -folder pictures"
	bin := t.TempDir()
	for _, c := range []struct{ says, options, kind string }{
		{"", "", "notify"}, // there is none: what every version understands
		{"echo systemd 252 '(252.38-1)'", "", "notify"},
		{"echo systemd 253", "", "notify-reload"},
		{"echo systemd 257", "--old", "notify"},
		{"echo systemd 252", "--systemd 255", "notify-reload"},
		{"exit 1", "", "notify"},
	} {
		systemctl := filepath.Join(bin, "systemctl")
		_ = os.Remove(systemctl)
		if c.says != "" {
			if err := os.WriteFile(systemctl, []byte("#!/bin/sh\n"+c.says+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		u.env = []string{"PATH=" + bin}
		args := append([]string{"-folder", "pictures", "unit", "-o", "log_level=debug"}, strings.Fields(c.options)...)
		r := u.expect(ExitOK, "ExecStart="+line+" run -f -o log_level=debug\n", "which the unit hides from the service (PrivateTmp=yes)", args...)
		for _, want := range []string{"Description=thumbs makes thumbnails\n", "Type=" + c.kind + "\n", "ExecStartPre=" + line + " config check -o log_level=debug\n"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("%v: there is no %q in\n%s", c, want, r.stdout)
			}
		}
		if analyze, err := exec.LookPath("systemd-analyze"); err == nil && c.kind == "notify" {
			path := filepath.Join(t.TempDir(), "thumbs.service")
			if err := os.WriteFile(path, []byte(r.stdout), 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("systemd-analyze: %v\n%s", err, out)
			}
		}
	}
}

func TestHiddenFromTheService(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink("/", link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/usr/local/bin/x": "", "/home": "ProtectHome=yes", "/home/a/x": "ProtectHome=yes", "/homes/x": "", "/root/x": "ProtectHome=yes",
		"/run/user/1/x": "ProtectHome=yes", "/run/x": "", "/tmp/x": "PrivateTmp=yes", "/var/tmp/x": "PrivateTmp=yes", link: "PrivateTmp=yes", "": "",
	} {
		if got := hidingLine(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// The dashboard is another program, which gets the daemon's address.
func TestDashboardIsACompanion(t *testing.T) {
	u := newUser(t)
	u.start("start")
	u.env = []string{"PATH=" + u.dir}
	clone, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	u.expect(ExitNotInstalled, "", "not on the PATH: go -C "+clone+" install ./cmd/legion\n", "dashboard")
	if err := os.WriteFile(filepath.Join(u.dir, "legion"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	socket := "unix://" + filepath.Join(u.dir, "control.sock")
	own := filepath.Base(os.Args[0])
	u.expect(ExitOK, "dashboard --role read --command "+own+" "+socket+"\n", "", "dashboard")
	u.expect(ExitOK, "dashboard --role admin --command "+own+" --addr 127.0.0.1:8080 --print --json "+socket+"\n", "",
		"dashboard", "--role", "admin", "--print", "--addr", "127.0.0.1:8080", "--json")
	u.expect(ExitOK, "", "", "stop")
	u.expect(ExitNotRunning, "", "not running", "dashboard")
}
