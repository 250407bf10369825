package takeover

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Predecessors that a test kills. Each reports when its successor has reached a
// certain point.
func init() {
	parts["mute"] = func() { // never hands over
		p, r := beginHalf("hold")
		say(r.w, "started", p.pid)
		stay()
	}
	parts["deaf"] = func() { // never accepts
		p, r := beginHalf("hold")
		rec := record{names: []string{"report"}}
		p.tell(rec.encode())
		<-p.messages
		say(r.w, "asked", p.pid)
		stay()
	}
	parts["waits"] = func() { startForReport("hang", 0) }
	parts["settles"] = func() { startForReport("hold", time.Hour) }
	parts["done"] = func() {
		r := startForReport("hold", 0)
		say(r.w, "counts", true)
		stay()
	}
	parts["ends"] = func() { startForReport("hold", 0) }
}

// startForReport is a correct predecessor.
func startForReport(part string, settle time.Duration) *report {
	r := helperReport()
	s := spec(part, r)
	s.Settle = settle
	_, err := Start(context.Background(), s)
	check(err)
	return r
}

// beginHalf is a predecessor that has only started the process.
func beginHalf(part string) (*Successor, *report) {
	r := helperReport()
	s, err := spec(part, r).check()
	check(err)
	l := new(launch)
	check(l.open(s))
	pid, err := l.execute(context.Background(), s, nil)
	check(err)
	l.closeChildEnds()
	return newSuccessor(pid, l), r
}

// If a predecessor is killed before it has accepted its successor, the
// successor and its group die too; later they do not.
func TestPredecessorKilled(t *testing.T) {
	for _, c := range []struct {
		part, stage string
		stop        bool // stop the successor first
		survives    bool
	}{
		{"mute", "started", false, false},
		{"waits", "hangs", false, false},
		{"waits", "hangs", true, false},
		{"deaf", "asked", false, false},
		{"deaf", "asked", true, false},
		{"settles", "ready", false, true},
		{"done", "counts", false, true},
		{"done", "settled", false, true},
		{"ends", "ready", false, true},
	} {
		t.Run(fmt.Sprintf("%s %v", c.part, c.stop), func(t *testing.T) {
			r := newReport(t)
			old := helper(c.part, r)
			if err := old.Start(); err != nil {
				t.Fatal(err)
			}
			r.w.Close()
			defer old.Wait()
			defer old.Process.Kill()
			var pid int
			if c.survives {
				pid = processID(t, r.value("pid"))
				defer syscall.Kill(pid, syscall.SIGKILL)
				r.value(c.stage)
			} else {
				pid = processID(t, r.value(c.stage))
			}
			if c.stop {
				syscall.Kill(pid, syscall.SIGSTOP)
			}
			old.Process.Kill()
			old.Wait()
			if c.stop {
				syscall.Kill(pid, syscall.SIGCONT)
			}
			if c.survives {
				r.value("gone")
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
					t.Error(err)
				}
			}
			for _, line := range r.end() { // now all processes are gone
				if !c.survives && strings.HasPrefix(line, "ready") {
					t.Error("it became ready")
				}
			}
		})
	}
}

// processID never returns a number that would mean more than one process to
// kill.
func processID(t *testing.T, text string) int {
	t.Helper()
	pid, err := strconv.Atoi(text)
	if err != nil || pid <= 1 {
		t.Fatalf("%q is no process", text)
	}
	return pid
}

// The predecessor is killed at a random moment. Its successor was accepted, and
// runs, or it is gone.
func TestPredecessorKilledAnyTime(t *testing.T) {
	lived := 0
	for i := range 40 {
		r := newReport(t)
		old := helper("ends", r)
		old.Stderr = nil
		if err := old.Start(); err != nil {
			t.Fatal(err)
		}
		r.w.Close()
		pid, ready := 0, false
		if i%4 > 0 {
			pid = processID(t, r.value("pid"))
		}
		time.Sleep(time.Duration(i) * 20 * time.Microsecond) // does not wait for an event: it varies the moment
		old.Process.Kill()
		old.Wait()
		for r.lines.Scan() { // until all processes are gone
			name, value, _ := strings.Cut(r.lines.Text(), "=")
			switch name {
			case "pid":
				pid = processID(t, value)
			case "ready":
				ready = true
			case "gone":
				if !ready {
					t.Error("it survives without being ready")
				}
				lived++
				ready = false
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		if err := r.lines.Err(); err != nil {
			t.Fatal(err)
		}
		if ready {
			t.Error("it was accepted, and has died")
		}
	}
	t.Logf("%d lived", lived)
}

// A marker that was inherited by accident, or through a script, is refused.
func TestMarkerOfAnotherProcess(t *testing.T) {
	for text, says := range map[string]string{
		marker{predecessor: 1 << 22}.encode():               "inherited by accident: unset it",
		marker{predecessor: os.Getpid(), files: 2}.encode(): "should have been inherited",
		"9 1 1":  `its protocol is "9", and this program's is 1`,
		"1 1":    "it has 2 fields",
		"1 x 1":  "does not name a process",
		"1 1 -1": "files",
		"":       "protocol",
	} {
		c := exec.Command(executable())
		c.Env = environ("hold", markerName+"="+text)
		out, err := c.CombinedOutput()
		if err == nil || c.ProcessState.ExitCode() != ExitRefused {
			t.Errorf("%q: %v", text, err)
		}
		contains(t, string(out), "legion: this process cannot take over from another one: ", says)
	}
}

func TestScriptBetween(t *testing.T) {
	r := newReport(t)
	s := spec("hold", r)
	s.Path, s.Args = "/bin/sh", []string{"sh", "-c", `"$0"; exit $?`, executable()}
	s.Stderr = nil
	f := fails(t, t.Context(), s)
	if f.Code != ExitRefused || len(f.Output) != 1 {
		t.Errorf("%+v", f)
	}
	contains(t, fmt.Sprint(f.Output), "must start the daemon with exec")

	s.Args[2] = `exec "$0"`
	p := begin(t, s)
	if got := r.value("pid"); got != fmt.Sprint(p.PID()) {
		t.Error(got)
	}
}

func TestNobodysSuccessor(t *testing.T) {
	if Inherited() != nil {
		t.Error("the test has inherited something")
	}
	if slices.ContainsFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, markerName) }) {
		t.Error("there is a marker")
	}
}
