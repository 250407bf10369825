package legion_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/slow"
)

// examplePrograms are the programs in examples, and what must match their output,
// in this order.
var examplePrograms = map[string]struct {
	args    []string
	says    []string
	endless bool // it runs until SIGTERM, which it gets after its first line
}{
	"cron": {says: []string{
		`tick 2, on the schedule`,
		`tick 3 takes a second`,
		`event Overrun: every 400ms took 1`,
		`cron \* \* \* \* \* \*: each second`,
		`tick 8 is the last`,
		`(?m)^[1-9]\d* turns .* [1-9]\d* missed, [1-9]\d* overruns$`,
	}},
	"autopsy": {says: []string{
		`the call: .*timed out`, `why: spin was killed: its call ran .*; it was in main.spin`, `deadline\n`, `kept: trace.out`, `kept: cpu.pb.gz`,
	}},
	"control": {args: []string{"run"}, says: []string{`thumbs is ready`}, endless: true},
	"counted": {says: []string{
		`a.jpg error: <nil>`, `broken.png error: .*exited with code 1`,
		`thumbs_begun_total in pool "thumb", \[.jpg\]: 2`, `thumbs_begun_total in pool "thumb", \[.png\]: 2`,
		`thumbs_size_bytes in pool "thumb", \[\]: 0 \[0 3 0 0\]`,
	}},
	"dashboard": {args: []string{"-at", "tcp://127.0.0.1:0"}, says: []string{`open http://127.0.0.1:\d+/ui/ .*dashboard\.token`}, endless: true},
	"embedded": {args: []string{"-demo"}, says: []string{
		`12² = 144, error: <nil>`, `the daemon has ended, and so does the service`,
	}},
	"events": {says: []string{
		`good night: true`, `good morning, it is 6`, `called, failed: true night in the statistics: true`, `a worker has died: fragile`,
	}},
	"hello": {says: []string{`Hello Ada, from process \d+ <nil>`, `exited with code 7`, `Hello Grace, from process \d+ <nil>`}},
	"looping": {says: []string{
		`LoopStarted: process \d+`,
		`moved [1-9]\d*; the next bucket: 100; error: <nil>`,
		`LoopStopped: process \d+, by a pause: true`,
		`the worker is paused`,
		// The next turn may fail before the answer is printed.
		`(?s)moved [1-9]\d*00; the next bucket: 0.*event Error: the loop of worker \d+: a bucket of nothing|` +
			`event Error: the loop of worker \d+: a bucket of nothing.*moved [1-9]\d*00; the next bucket: 0`,
		`LoopStopped: process \d+, by a pause: false`,
		`another process has taken its place`,
		`moved [1-9]\d*; the next bucket: 1; error: <nil>\n$`,
	}},
	"metrics": {says: []string{
		`legion_calls_total\{pool="thumb",func="thumb",outcome="error"\} 1`, `thumbs_made_total\{pool="thumb",format="jpeg"\} 2`,
	}},
	"plugin": {says: []string{
		`clock: started`,
		`the lock is held by process \d+`,
		`plugin is running already: process \d+ holds the lock .*plugin\.lock`,
		`that ended with exit status 1`,
		`cache: made`,
		`the answer is 42`,
		`clock: reloaded`,
		`map\[clock:0s lock-file:`,
		`clock: stopped`,
		`the lock is free`,
	}},
	"profiled": {says: []string{`5000 words, error: <nil>`}},
	"readme":   {says: []string{`12 squared is 144`, `5000 failed: .*timed out`, `-1 failed: .*exited with code 1`, `13 squared is 169`}},
	"sizing":   {args: []string{"-for", "1ms", "-callers", "4"}, says: []string{`waits 20 ms +64 `, `hashes 16 MiB +16 `, `is a task of 20 ms +16 `, `MemoryLimit  64 MiB: out of memory: true`, `MemoryLimit 192 MiB: out of memory: false`}},
	"signals": {says: []string{
		`event: SIGWINCH, number 1`,
		`event: SIGUSR1, number 1`,
		`no statistics in the log`,
		`SIGUSR2 starts .*\nSIGINT stops`, // no event of it
		`event: SIGINT, number 1`,
		`event: SIGINT, number 2`,
		`event: SIGHUP, number 1`,
		`Reload: `,
		`Reloaded, error: <nil>`,
		`Shutdown because of SIGTERM`,
		`the daemon has stopped`,
	}},
	"tested":  {says: []string{`42 <nil>`}, endless: true},
	"upgrade": {args: []string{"-times", "1"}, says: []string{`upgrade 1: process \d+ has taken over from \d+`, `[1-9]\d* requests.*all were answered`}},
}

// Every program in examples runs, ends by itself with code 0, and shows what it is
// there for.
func TestExamples(t *testing.T) {
	slow.Test(t, "links 15 programs and runs them", "8 s")
	var names, packages []string
	mains, err := filepath.Glob("examples/*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, main := range mains {
		dir := filepath.Dir(main)
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			continue // a module of its own, with tests of its own
		}
		names = append(names, filepath.Base(dir))
		packages = append(packages, "./"+dir)
	}
	bin := t.TempDir()
	build := append([]string{"build", "-buildvcs=false", "-o", bin + "/"}, packages...)
	if out, err := exec.CommandContext(t.Context(), "go", build...).CombinedOutput(); err != nil {
		t.Fatalf("building the examples: %v\n%s", err, out)
	}
	for name := range examplePrograms {
		if !slices.Contains(names, name) {
			t.Errorf("there is no examples/%s", name)
		}
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, known := examplePrograms[name]
			if !known {
				t.Fatal("this example is not in examplePrograms: nothing says what it must print")
			}
			out := runExample(t, exec.Command(filepath.Join(bin, name), want.args...), want.endless)
			rest := out
			for _, expression := range want.says {
				at := regexp.MustCompile(expression).FindStringIndex(rest)
				if at == nil {
					t.Fatalf("it does not print %q, or not at that point:\n%s", expression, out)
				}
				rest = rest[at[1]:]
			}
		})
	}
}

// runExample returns what a program prints on standard output.
func runExample(t *testing.T, cmd *exec.Cmd, endless bool) string {
	t.Helper()
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "XDG_RUNTIME_DIR="+t.TempDir(), "XDG_CACHE_HOME="+t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second // a daemon that it has left behind may hold its output
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() }) // against a hang, not slowness
	defer guard.Stop()
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fmt.Fprintln(&said, lines.Text())
		if endless {
			_ = cmd.Process.Signal(syscall.SIGTERM)
			endless = false
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v; it prints\n%s%s", err, said.String(), stderr.String())
	}
	if log := stderr.String(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "panic:") {
		t.Errorf("on standard error:\n%s", log)
	}
	return said.String()
}
