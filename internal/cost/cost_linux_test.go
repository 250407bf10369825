// Package cost keeps calls from becoming more expensive without anybody
// noticing. Its test counts what a call costs: objects and bytes of the heap,
// pages that the kernel makes, and sleeps. Nothing is timed, so the speed of
// the machine does not matter, and a busy one adds little. make cost prints the
// figures.
package cost

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/legion-go/legion/internal/slow"
)

// Report and Cost are what the program in testdata/echo prints, and says there.
type Report struct {
	Idle           int
	Daemon, Worker map[string]Cost
}

type Cost struct{ Allocs, Bytes, Faults, Switches float64 }

// A row bounds what an echo costs in both processes. The measured values are
// the largest of 30 runs on two processors: without other work, with four
// endless loops beside, and on one processor. Objects and bytes were the same
// in every run, so half an object more for each call is too much. Faults and
// switches depend on the garbage collector and the scheduler; their bounds are
// at least twice the measured value, and let each side sleep a few times in
// each call. Fresh memory has a page for every 4 KiB, which is above all bounds
// of faults.
type row struct {
	name           string
	daemon, worker pair
}

type pair struct{ measured, most Cost }

var rows = []row{
	{
		"64 B",
		pair{Cost{1.0, 65, 0.01, 1.4}, Cost{1.5, 90, 0.2, 4}},   // the result
		pair{Cost{2.0, 176, 0.05, 0.1}, Cost{2.5, 200, 0.2, 3}}, // the argument and the context
	}, {
		"64 B, 64 callers", // the calls that wait in the worker have room already
		pair{Cost{1.1, 65, 0, 0.1}, Cost{1.5, 90, 0.1, 0.5}},
		pair{Cost{2.0, 177, 0, 0.01}, Cost{2.3, 186, 0.1, 0.5}},
	}, {
		"64 B, 1000 callers", // so have the calls to send; a tenth of an object is the caller's goroutine
		pair{Cost{1.1, 68, 0, 0.1}, Cost{1.4, 80, 0.1, 0.5}},
		pair{Cost{2.0, 177, 0, 0.01}, Cost{2.3, 186, 0.1, 0.5}},
	}, {
		"struct", // three slices, a map in two parts, a block for the strings
		pair{Cost{6.0, 784, 0, 1.3}, Cost{6.5, 860, 0.2, 4}},
		pair{Cost{7.0, 896, 0, 0.1}, Cost{7.5, 980, 0.2, 3}},
	}, {
		"64 KiB",
		pair{Cost{1.1, 65_541, 0.9, 1.4}, Cost{1.5, 66_500, 8, 4}},
		pair{Cost{2.1, 65_651, 0.1, 0.1}, Cost{2.5, 66_500, 8, 4}},
	}, {
		"64 KiB, reused",
		pair{Cost{0.1, 6, 0, 1.3}, Cost{0.5, 30, 0.2, 4}},
		pair{Cost{2.0, 137, 0, 0.01}, Cost{2.5, 160, 0.2, 4}}, // the context, and its list of scratch memory
	}, {
		"1 MiB",
		pair{Cost{1.5, 1_048_619, 33, 2.4}, Cost{2.4, 1_060_000, 100, 8}},
		pair{Cost{2.7, 1_048_735, 5, 0.8}, Cost{3.2, 1_060_000, 100, 6}},
	}, {
		"1 MiB, reused",
		pair{Cost{1.1, 33, 0, 1.5}, Cost{1.6, 60, 1, 5}},
		pair{Cost{2.1, 138, 0.1, 0.2}, Cost{2.5, 160, 1, 5}},
	}, {
		"1 MiB, buffer",
		pair{Cost{15.1, 482, 0.1, 1.3}, Cost{15.6, 560, 1, 4}},
		pair{Cost{13.1, 498, 0.1, 0.1}, Cost{13.6, 580, 1, 4}},
	},
}

// idle bounds the private memory, in KiB, of a worker of the program after its
// first call. Measured: 960 to 1028.
const idle = 1150

func TestCostOfCalls(t *testing.T) {
	slow.Test(t, "compiles a program, and counts what 300,000 calls cost", "3 s")
	program := filepath.Join(t.TempDir(), "echo")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./testdata/echo").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	report := count(t, program)
	for range 2 { // the least counts: a busy machine adds sleeps, and takes none away
		if !within(report) {
			report = report.least(count(t, program))
		}
	}
	if len(report.Daemon) != len(rows) {
		t.Errorf("%d rows have bounds, the program has %d", len(rows), len(report.Daemon))
	}
	for _, r := range rows {
		check(t, r.name+", daemon", report.Daemon[r.name], r.daemon)
		check(t, r.name+", worker", report.Worker[r.name], r.worker)
	}
	t.Logf("%d KiB of private memory of an idle worker, at most %d", report.Idle, idle)
	if report.Idle == 0 || report.Idle > idle {
		t.Errorf("an idle worker has %d KiB of private memory, at most %d are allowed", report.Idle, idle)
	}
}

// count runs the program.
func count(t *testing.T, program string) (r Report) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// within reports whether every count is.
func within(r Report) bool {
	for _, row := range rows {
		if !r.Daemon[row.name].within(row.daemon.most) || !r.Worker[row.name].within(row.worker.most) {
			return false
		}
	}
	return r.Idle <= idle
}

func (c Cost) within(most Cost) bool {
	return c.Allocs <= most.Allocs && c.Bytes <= most.Bytes && c.Faults <= most.Faults && c.Switches <= most.Switches
}

// least returns the smaller of each count.
func (r Report) least(o Report) Report {
	for _, of := range [][2]map[string]Cost{{r.Daemon, o.Daemon}, {r.Worker, o.Worker}} {
		for name, a := range of[0] {
			b := of[1][name]
			of[0][name] = Cost{min(a.Allocs, b.Allocs), min(a.Bytes, b.Bytes), min(a.Faults, b.Faults), min(a.Switches, b.Switches)}
		}
	}
	r.Idle = min(r.Idle, o.Idle)
	return r
}

func check(t *testing.T, where string, got Cost, b pair) {
	t.Helper()
	t.Logf("%-24s %5.2f objects of %9.0f bytes, %6.2f faults, %5.2f switches", where, got.Allocs, got.Bytes, got.Faults, got.Switches)
	for _, c := range []struct {
		what                string
		got, measured, most float64
	}{
		{"objects in the heap", got.Allocs, b.measured.Allocs, b.most.Allocs},
		{"bytes in the heap", got.Bytes, b.measured.Bytes, b.most.Bytes},
		{"page faults", got.Faults, b.measured.Faults, b.most.Faults},
		{"voluntary context switches", got.Switches, b.measured.Switches, b.most.Switches},
	} {
		if c.got > c.most || got.Bytes == 0 {
			t.Errorf("%s: a call costs %.2f %s, at most %v are allowed, and %v were measured", where, c.got, c.what, c.most, c.measured)
		}
	}
}
