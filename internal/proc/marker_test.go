package proc

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

func exampleMarker() marker {
	return marker{
		parent: 42, name: "thumbs: resize", args0: "/bin/thumbs, 5:x", hasMax: true, goMax: "", cgroups: 2, crash: true, files: 3,
		purpose: Purpose{Daemon: "thumbs", Pool: "résumé\n\xff", Worker: math.MaxUint64, Transport: 2, Buffer: 1 << 20, MaxPayload: 64 << 20, Arena: true, Dir: "/tmp"},
		limits:  Limits{Memory: 256 << 20, Procs: 2, Nice: -3, Files: 100, CPU: 0.3, Threads: 64, FileSize: 1 << 20, NoCore: true, OOMScore: -7},
		sandbox: packSandbox(exampleSandbox()), again: true, statm: 9,
		version: markerVersion,
	}
}

func TestMarkerTravels(t *testing.T) {
	for _, m := range []marker{exampleMarker(), {parent: 1, version: markerVersion}} {
		text, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeMarker(text)
		if err != nil || back != m {
			t.Errorf("%q becomes %+v, %v; not %+v", text, back, err, m)
		}
		for i := range text {
			if _, err := decodeMarker(text[:i]); err == nil {
				t.Errorf("%q is incomplete, but accepted", text[:i])
			}
		}
		if _, err := decodeMarker(text + "1:x,"); err == nil {
			t.Error("text after the last field is accepted")
		}
	}
	for _, m := range []marker{{parent: 1, args0: strings.Repeat("x", maxMarker)}, {parent: 1, purpose: Purpose{Pool: "a\x00b"}}} {
		if _, err := m.encode(); err == nil {
			t.Errorf("%.100v is encoded", m)
		}
	}
}

func FuzzMarker(f *testing.F) {
	text, err := exampleMarker().encode()
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{text, "", ":", ",", "1:1,", "99999999999:", "-1:,", "3:1", "1:2,0:,", strings.Replace(text, "1:3,", "2:-3,", 1)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := decodeMarker(text)
		if err != nil {
			if m != (marker{}) {
				t.Errorf("an error with %+v", m)
			}
			return
		}
		again, err := m.encode()
		if err != nil {
			return // a zero byte: the environment cannot have one
		}
		if back, err := decodeMarker(again); err != nil || back != m {
			t.Errorf("%+v becomes %+v, %v", m, back, err)
		}
	})
}

// A marker that was not made for this process is refused, with a message and
// without a crash.
func TestForeignMarkerIsRefused(t *testing.T) {
	mine := exampleMarker()
	mine.parent = os.Getpid()
	mine.files, mine.cgroups, mine.crash = 0, 0, false
	noFiles, _ := mine.encode()
	mine.files = 500
	missing, _ := mine.encode()
	foreign := exampleMarker()
	foreign.parent = os.Getppid()
	inherited, _ := foreign.encode()
	for _, c := range []struct{ name, marker, says string }{
		{"empty", "", "not a sequence of fields"},
		{"rubbish", "hello", "not a sequence of fields"},
		{"another version", "1:9," + noFiles[4:], `version is "9"`},
		{"inherited by accident", inherited, "process " + strconv.Itoa(os.Getppid())},
		{"nothing is inherited", noFiles, "descriptor 3"},
		{"too few inherited", missing, "descriptor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := helper("self", markerName+"="+c.marker)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			err := cmd.Run()
			exit, ok := err.(*exec.ExitError)
			if !ok || exit.ExitCode() != ExitRefused {
				t.Fatalf("it ended with %v; stderr:\n%s", err, stderr.String())
			}
			if got := stderr.String(); !strings.HasPrefix(got, "legion: this worker process cannot start: ") || !strings.Contains(got, c.says) ||
				strings.Count(got, "\n") != 1 {
				t.Errorf("it says:\n%s", got)
			}
		})
	}
}

// A lifeline that is not a pipe, or whose other end is closed, is refused.
func TestBrokenLifelineIsRefused(t *testing.T) {
	m := marker{parent: os.Getpid()}
	text, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	defer r.Close()
	for _, c := range []struct {
		file *os.File
		says string
	}{{null, "is not a pipe"}, {r, "the daemon has ended already"}} {
		cmd := helper("self", markerName+"="+text)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		cmd.ExtraFiles = []*os.File{c.file}
		err := cmd.Run()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != ExitRefused || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("it ended with %v; stderr:\n%s", err, stderr.String())
		}
	}
}

func TestNoMarkerNoChild(t *testing.T) {
	out, err := helper("self").Output()
	if err != nil || string(out) != "self=<nil> marker=\"\"\n" {
		t.Errorf("%q, %v", out, err)
	}
	if Self() != nil {
		t.Error("the test itself is a child")
	}
}
