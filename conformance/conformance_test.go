package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/legion-go/legion/internal/slow"
)

// patience limits a client that hangs: it is not how long a client should take.
const patience = 2 * time.Minute

// TestClients runs every client that is on this machine against one daemon.
//
// make conformance sets CONFORMANCE to the folder that it has installed into.
// It has a file cannot/NAME, with the reason, for each client that could not be
// installed; any other client must run. The table is left in the file table.
func TestClients(t *testing.T) {
	slow.Test(t, "starts clients of other makers", "4 s")
	installed := os.Getenv("CONFORMANCE")
	at := startDaemon(t)
	rows := [][]string{{"CLIENT", "PROTOCOL", "OVER", "RESULT"}}
	for _, c := range clients {
		result := ""
		if missing := c.missing(); missing == "" {
			t.Run(c.name+" "+c.protocol+" "+c.over, func(t *testing.T) { result = c.try(t, at) })
		} else if reason, err := os.ReadFile(filepath.Join(installed, "cannot", c.from)); installed == "" || err == nil {
			result = "cannot run: " + missing + "; " + strings.TrimSpace(string(reason))
			t.Logf("%s, %s over %s, cannot run: %s. It comes with %s; make conformance installs it", c.name, c.protocol, c.over, missing, c.from)
		} else {
			result = "FAILED: " + missing
			t.Errorf("%s: %s, although %s could be installed", c.name, missing, c.from)
		}
		rows = append(rows, []string{c.name, c.protocol, c.over, result})
	}
	if installed != "" {
		if err := os.WriteFile(filepath.Join(installed, "table"), table(rows), 0o666); err != nil {
			t.Error(err)
		}
	}
}

// missing says what this machine lacks for the client, "" if nothing.
func (c client) missing() string {
	out, err := command(context.Background(), c.probe...).CombinedOutput()
	switch {
	case err == nil:
		return ""
	case errors.Is(err, exec.ErrNotFound):
		return "there is no " + c.probe[0]
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if line == "" {
		line = err.Error()
	}
	return line
}

// command is one that runs in the folder of the scripts, and finds the modules
// that make conformance has installed. It is a process group, all of which is
// killed if ctx ends.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = "clients"
	modules, _ := filepath.Abs(filepath.Join("..", "build", "conformance", "npm", "node_modules"))
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules, "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8", "TZ=UTC", "no_proxy=*")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd
}

// try runs the client's script against the daemon, and returns the result for
// the table.
func (c client) try(t *testing.T, at addresses) string {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := command(ctx, append(strings.Fields(c.run), c.over)...)
	cmd.Env = append(cmd.Env, "CONTROL_UNIX="+at.unix, "CONTROL_TCP="+at.tcp)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	checks, failed, wrong := verdict(string(out))
	for _, line := range failed {
		t.Error(line)
	}
	switch {
	case len(failed) > 0:
		return fmt.Sprintf("FAILED: %d of %d checks", len(failed), checks)
	case ctx.Err() != nil:
		wrong = fmt.Errorf("not done after %v", patience)
	case err != nil:
		wrong = err
	}
	if wrong != nil {
		t.Errorf("%s after %d checks: %v\n%s", c.run, checks, wrong, stderr.Bytes())
		return "FAILED: " + wrong.Error()
	}
	return fmt.Sprintf("ok, %d checks", checks)
}

// verdict reads a script's output in the Test Anything Protocol: how many
// checks, which have failed, and whether the plan is there and right.
func verdict(said string) (checks int, failed []string, err error) {
	plan := -1
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "ok "):
			checks++
		case strings.HasPrefix(line, "not ok "):
			checks++
			failed = append(failed, line)
		case strings.HasPrefix(line, "1.."):
			if _, err := fmt.Sscanf(line, "1..%d", &plan); err != nil {
				return checks, failed, fmt.Errorf("the plan is %q", line)
			}
		}
	}
	switch {
	case plan < 0:
		err = errors.New("it has stopped without a plan")
	case plan != checks || checks == 0:
		err = fmt.Errorf("%d checks of the %d that its plan has", checks, plan)
	}
	return checks, failed, err
}

func table(rows [][]string) []byte {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	w.Flush()
	return b.Bytes()
}

// Without this test a script that is never run, and a client without a script,
// would go unnoticed.
func TestEveryClientIsThere(t *testing.T) {
	var scripts []string
	for _, c := range clients {
		script := strings.Fields(c.run)[1]
		if over := c.over; over != "tcp" && over != "unix" {
			t.Errorf("%s: over %q", c.name, over)
		}
		if _, err := os.Stat(filepath.Join("clients", script)); err != nil {
			t.Error(err)
		}
		scripts = append(scripts, script)
	}
	files, err := os.ReadDir("clients")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := file.Name()
		if !strings.HasPrefix(name, "tap.") && !strings.HasPrefix(name, "package") && !slices.Contains(scripts, name) {
			t.Errorf("clients/%s belongs to no client", name)
		}
		if _, err := os.ReadFile(filepath.Join("clients", name)); err != nil { // go test notices changes of what is read
			t.Error(err)
		}
	}
	slices.Sort(scripts)
	want := []string{"curl.sh", "frontier.pl", "jayson.js", "json-rpc-2.0.js", "nc.sh", "openrpc.js", "php.php", "rpc-xml.pl", "xmlrpc-c.sh", "xmlrpc.rb", "xmlrpc_client.py"}
	if got := slices.Compact(scripts); !slices.Equal(got, want) {
		t.Errorf("the scripts are %q, want %q", got, want)
	}
	if want := 21; len(clients) != want {
		t.Errorf("%d clients, want %d", len(clients), want)
	}
}

func TestVerdict(t *testing.T) {
	for said, want := range map[string]string{
		"ok 1 - a\nok 2 - b\n1..2\n":          "2 [] <nil>",
		"1..2\nok 1 - a\nok 2 - b\n":          "2 [] <nil>",
		"ok 1 - a\nnot ok 2 - b: why\n1..2\n": "2 [not ok 2 - b: why] <nil>",
		"ok 1 - a\n":                          "1 [] it has stopped without a plan",
		"":                                    "0 [] it has stopped without a plan",
		"1..0\n":                              "0 [] 0 checks of the 0 that its plan has",
		"ok 1 - a\n1..2\n":                    "1 [] 1 checks of the 2 that its plan has",
		"ok 1 - a\nnothing of ours\nokay\n1..1\n": "1 [] <nil>",
	} {
		checks, failed, err := verdict(said)
		if got := fmt.Sprint(checks, failed, err); got != want {
			t.Errorf("%q: %s, want %s", said, got, want)
		}
	}
}
