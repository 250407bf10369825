package legion_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/slow"
)

// portedLoops are the examples of lifo101/php-daemon and of
// shaneharter/PHP-Daemon, ported: they run until a signal. Each must log these,
// in this order; then it gets SIGTERM.
var portedLoops = map[string]struct {
	args    []string
	signals []syscall.Signal // that it gets once it logs the first
	logs    []string
}{
	"helloworld": {args: []string{"-every", "10ms"}, logs: []string{
		`msg="Hello World" .*loop=1$`, `msg="Hello World" .*loop=10$`, `msg="nothing else is going to happen"`, `loop=11$`,
	}},
	"plugins": {args: []string{"-every", "5ms", "-report", "10ms"}, logs: []string{
		`msg=loop .*trash=1$`, `msg=memory .*now=\d+ .*growth=\d+`, `trash=20$`, `msg=memory`,
	}},
	"simpletask": {args: []string{"-every", "10ms", "-sleep", "10ms"}, logs: []string{
		`msg=loop .*turn=5$`, `msg="the task runs in the background" .*pool=job pid=\d+`, `msg=result .*said="the task is done" err=<nil>`,
	}},
	"tasks": {args: []string{"-every", "5ms", "-sleep", "10ms"}, logs: []string{
		`msg="creating sleepy tasks"`, `msg=sleeping .*pool=sleep .*for=10ms`, `msg="good morning" .*pool=sleep`,
	}},
	"longpoll": {args: []string{"-every", "10ms", "-latency", "30ms", "-api.uri", "https://example.org"}, logs: []string{
		`msg="calling the API" .*uri=https://example.org`, `msg="current sales" .*customers=[1-9]`, `msg="current sales"`,
	}},
	"hashserver": {args: []string{"-address", "127.0.0.1:0"}, logs: []string{`msg="the hash server is running"`}},
	"primenumbers": {args: []string{"-every", "10ms"}, signals: []syscall.Signal{syscall.SIGUSR2, syscall.SIGWINCH}, logs: []string{
		`msg=started`, `msg="prime factors" .*err=<nil>`,
	}},
	"simpleworker": {args: []string{"-every", "10ms"}, logs: []string{
		`msg=loop`, `msg=inline .*value=x[0-9a-f]{16} err=<nil>`, `msg=called .*value=x[0-9a-f]{16} err=<nil>`, `msg=loop`,
	}},
}

// Each example of both PHP libraries runs as a program of its own.
func TestPorted(t *testing.T) {
	slow.Test(t, "links 14 programs and runs them", "6 s")
	daemons, err := filepath.Glob("examples/ported/*")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for folder, packages := range map[string][]string{ // client is the name of two programs
		"daemons":    daemons,
		"echodaemon": {"examples/ported/echodaemon/client"},
		"copydaemon": {"examples/ported/copydaemon/client"},
	} {
		args := []string{"build", "-buildvcs=false", "-o", filepath.Join(bin, folder) + "/"}
		for _, p := range packages {
			args = append(args, "./"+p)
		}
		if said, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
			t.Fatalf("building %v: %v\n%s", packages, err, said)
		}
	}
	daemon := func(name string) string { return filepath.Join(bin, "daemons", name) }
	for name, want := range portedLoops {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPorted(t, daemon(name), want.args...)
			for i, expression := range want.logs {
				found := p.wait(t, expression)
				if i == 0 {
					for _, s := range want.signals {
						if err := p.cmd.Process.Signal(s); err != nil {
							t.Error(err)
						}
					}
					if _, address, ok := strings.Cut(found, " at="); ok {
						askHashes(t, address)
					}
				}
			}
			if name == "plugins" { // and the lock keeps a second one from starting
				second := exec.CommandContext(t.Context(), daemon(name))
				second.Env = p.cmd.Env
				if said, err := second.CombinedOutput(); err == nil || !strings.Contains(string(said), "holds the lock") {
					t.Errorf("the second one ended with %v; it says\n%s", err, said)
				}
			}
			p.stop(t)
		})
	}
	for name, steps := range map[string][][2]string{ // what the client is told to do, and what it must print
		"echodaemon": {{"", "Hello World!"}, {"three more words", "three more words"}},
		"copydaemon": {
			{"status", "looping"}, {"pause", "true"}, {"status", "paused"}, {"resume", "true"}, {"change", "copy_test_2.txt"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// A socket of its own: the port of the example may be taken.
			address := "unix://" + filepath.Join(t.TempDir(), "s")
			p := startPorted(t, daemon(name), "-f", "-o", "control="+address)
			p.wait(t, `msg=started`)
			for _, step := range steps {
				c := exec.CommandContext(t.Context(), filepath.Join(bin, name, "client"), append([]string{"-address", address}, strings.Fields(step[0])...)...)
				said, err := c.CombinedOutput()
				if err != nil || !strings.HasSuffix(strings.TrimSpace(string(said)), step[1]) {
					t.Errorf("client %s: %v, %s; want %s", step[0], err, said, step[1])
				}
			}
			if name == "copydaemon" {
				testComodojoMethods(t, address)
			}
			p.stop(t)
		})
	}
}

// testComodojoMethods asks what comodojo's clients ask about workers, with the
// parameters by place as they give them, over both protocols.
func testComodojoMethods(t *testing.T, address string) {
	t.Helper()
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(address, "unix://"))
	}}}
	post := func(contentType, body string) string {
		answer, err := web.Post("http://copydaemon/rpc", contentType, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	}
	for _, c := range []struct{ method, param, json, xml string }{
		{"worker.list", "", `"name":"handyman"`, `<name>name</name><value><string>handyman</string></value>`},
		{"worker.status", "", `"result":{"handyman":"`, `<member><name>handyman</name><value><string>`},
		{"worker.pause", "handyman", `"result":true`, `<boolean>1</boolean>`},
		{"worker.status", "handyman", `"result":"paused"`, `<string>paused</string>`},
		{"worker.resume", "handyman", `"result":true`, `<boolean>1</boolean>`},
		{"worker.pause", "", `"result":{"handyman":true}`, `<name>handyman</name><value><boolean>`},
		{"worker.resume", "", `"result":{"handyman":true}`, `<name>handyman</name><value><boolean>`},
		{"worker.pause", "nobody", `there is no pool`, `there is no pool`},
	} {
		params, values := "[]", ""
		if c.param != "" {
			params, values = `["`+c.param+`"]`, `<param><value><string>`+c.param+`</string></value></param>`
		}
		body := `{"jsonrpc":"2.0","id":1,"method":"` + c.method + `","params":` + params + `}`
		if said := post("application/json", body); !strings.Contains(said, c.json) {
			t.Errorf("%s(%s) by JSON-RPC: %s; want %s", c.method, c.param, said, c.json)
		}
		body = `<?xml version="1.0"?><methodCall><methodName>` + c.method + `</methodName><params>` + values + `</params></methodCall>`
		if said := post("text/xml", body); !strings.Contains(said, c.xml) {
			t.Errorf("%s(%s) by XML-RPC: %s; want %s", c.method, c.param, said, c.xml)
		}
	}
}

// ported is a program of examples/ported that runs.
type ported struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	said  strings.Builder
}

func startPorted(t *testing.T, program string, args ...string) *ported {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // against a hang, not slowness
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "XDG_RUNTIME_DIR="+t.TempDir())
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &ported{cmd: cmd, lines: bufio.NewScanner(log)}
}

// askHashes is a client of hashserver.
func askHashes(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answers := bufio.NewScanner(c)
	for _, want := range [][2]string{
		{"md5 foo", "acbd18db4cc2f85cedef654fccc4a4d8"},
		{"sha1 foo", "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"},
		{"sha1 x2 foo", "2865765152809a426f118f48c468c5f459425211"},
		{"sha256 foo", "use md5 TEXT, sha1 TEXT or sha1 xTIMES TEXT"},
	} {
		fmt.Fprintln(c, want[0])
		if !answers.Scan() || answers.Text() != want[1] {
			t.Errorf("%s: %q, %v, want %s", want[0], answers.Text(), answers.Err(), want[1])
		}
	}
}

// wait reads the log up to the line that matches, and returns that.
func (p *ported) wait(t *testing.T, expression string) string {
	t.Helper()
	want := regexp.MustCompile(expression)
	for p.lines.Scan() {
		p.said.WriteString(p.lines.Text() + "\n")
		if want.MatchString(p.lines.Text()) {
			return p.lines.Text()
		}
	}
	t.Fatalf("it does not log %q, or not at that point (%v):\n%s", expression, p.cmd.Wait(), p.said.String())
	return ""
}

// stop ends it, and looks at what it has logged.
func (p *ported) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	for p.lines.Scan() {
		p.said.WriteString(p.lines.Text() + "\n")
	}
	if err := p.cmd.Wait(); err != nil || strings.Contains(p.said.String(), "level=ERROR") {
		t.Errorf("%v; it logs\n%s", err, p.said.String())
	}
}

// docs/coming-from-php.md says how many lines each port has.
func TestPortedLines(t *testing.T) {
	document := read(t, "docs/coming-from-php.md")
	dirs, err := filepath.Glob("examples/ported/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		lines := 0
		for _, pattern := range []string{"*.go", "client/*.go"} {
			names, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				for line := range strings.Lines(read(t, name)) {
					if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
						lines++
					}
				}
			}
		}
		if row := fmt.Sprintf("[%s](../%s) | %d |", filepath.Base(dir), dir, lines); !strings.Contains(document, row) {
			t.Errorf("docs/coming-from-php.md has no row with %q", row)
		}
	}
}
