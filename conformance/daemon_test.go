package conformance

import (
	"bufio"
	"encoding/json"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/legion-go/legion" // the daemon's package: go test runs these tests again when it changes
)

type addresses struct{ unix, tcp string }

// startDaemon builds the daemon, starts it, and stops it at the end of the
// test. It must stop by itself, and without an error, whatever the clients have
// done to it.
func startDaemon(t *testing.T) addresses {
	t.Helper()
	// A folder with a short name: the path of a Unix socket has at most 104 bytes.
	dir, err := os.MkdirTemp("", "conformance")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if _, err := os.ReadFile(filepath.Join("daemon", "main.go")); err != nil { // go test notices changes of what is read
		t.Fatal(err)
	}
	program := filepath.Join(dir, "daemon")
	build := exec.CommandContext(t.Context(), "go", append(buildFlags, "-o", program, "./daemon")...)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", build.Args, err, out)
	}

	at := addresses{unix: filepath.Join(dir, "control.sock")}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	daemon := exec.Command(program, at.unix)
	daemon.Stderr = log
	stdin, err := daemon.StdinPipe() // its end stops the daemon, even if this process is killed
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		err := daemon.Wait()
		said, _ := os.ReadFile(log.Name())
		if err != nil || strings.Contains(string(said), "DATA RACE") {
			t.Errorf("the daemon has ended with %v, and has said:\n%s", err, said)
		}
		if _, err := os.Lstat(at.unix); err == nil {
			t.Errorf("the daemon has left its socket behind")
		}
	})
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		said, _ := os.ReadFile(log.Name())
		t.Fatalf("the daemon has not started: %v\n%s", err, said)
	}
	at.tcp = tcpAddress(t, at.unix)
	return at
}

// tcpAddress asks the daemon for it.
func tcpAddress(t *testing.T, unix string) string {
	t.Helper()
	conn, err := net.Dial("unix", unix)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(`{"jsonrpc":"2.0","id":1,"method":"daemon.status"}` + "\n")); err != nil {
		t.Fatal(err)
	}
	var answer struct{ Result struct{ Control []string } }
	if err := json.NewDecoder(conn).Decode(&answer); err != nil {
		t.Fatalf("the answer to daemon.status: %v", err)
	}
	for _, text := range answer.Result.Control {
		if a, err := url.Parse(text); err == nil && a.Scheme == "tcp" {
			return a.Host
		}
	}
	t.Fatalf("daemon.status has no tcp address: %q", answer.Result.Control)
	return ""
}
