package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeDaemon listens where the daemon of that name would. answer gets each
// request line and writes the answer.
func fakeDaemon(t *testing.T, name string, answer func(to io.Writer, id json.RawMessage)) (address string) {
	t.Helper()
	dir := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "control.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go func() {
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					var request struct{ ID json.RawMessage }
					if json.Unmarshal(lines.Bytes(), &request) == nil {
						answer(conn, request.ID)
					}
				}
			}()
		}
	}()
	return "unix://" + path
}

func TestList(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	address := fakeDaemon(t, "thumbs-of-test", func(to io.Writer, id json.RawMessage) {
		fmt.Fprintf(to, `{"jsonrpc":"2.0","id":%s,"result":{"name":"thumbs-of-test","version":"v1.2.3","pid":4711,"state":"run\u001b[31mning","uptime":90.4}}`+"\n", id)
	})
	fakeDaemon(t, "hung-of-test", func(io.Writer, json.RawMessage) {})

	code, stdout, stderr := legion(t, "ls")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var row, hung, why string
	for line := range strings.Lines(stdout) {
		switch {
		case strings.HasPrefix(line, "thumbs-of-test "):
			row = strings.Join(strings.Fields(line), " ")
		case strings.HasPrefix(line, "hung-of-test "):
			hung = line
		case strings.HasPrefix(line, "hung-of-test: "):
			why = line
		}
	}
	want := "thumbs-of-test run\uFFFD[31mning 4711 1m30s " + userName(os.Getuid()) + " " + address
	if row != want {
		t.Errorf("the row is\n%s\nwant\n%s\nin\n%s", row, want, stdout)
	}
	if !strings.Contains(hung, "no answer") || !strings.Contains(why, "hang") {
		t.Errorf("of a daemon that does not answer it says %q, and why: %q", hung, why)
	}

	code, stdout, stderr = legion(t, "ls", "--json")
	var all []listed
	if err := json.Unmarshal([]byte(stdout), &all); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v: %s", code, err, stderr)
	}
	seen := 0
	for _, l := range all {
		switch l.Name {
		case "thumbs-of-test":
			seen++
			want := listed{Name: l.Name, State: "run\x1b[31mning", PID: 4711, Uptime: 90.4, UID: os.Getuid(), Version: "v1.2.3", Address: address}
			if l != want {
				t.Errorf("--json has %+v, want %+v", l, want)
			}
		case "hung-of-test":
			seen++
			if l.Error == "" {
				t.Error("--json does not say that a daemon gave no answer")
			}
		}
	}
	if seen != 2 {
		t.Errorf("--json has %d of two daemons: %s", seen, stdout)
	}
}

func TestEmptyList(t *testing.T) {
	var out strings.Builder
	if err := printTable(&out, nil); err != nil || !strings.HasPrefix(out.String(), "No daemon") {
		t.Errorf("%q, %v", out.String(), err)
	}
	out.Reset()
	if err := printJSON(&out, nil); err != nil || out.String() != "[]\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
