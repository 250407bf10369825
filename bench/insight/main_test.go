//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

// It works: pages get streams, which both processes pay for.
func TestTable(t *testing.T) {
	program := filepath.Join(t.TempDir(), "insight")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for tries := 1; ; tries++ {
		out, err := exec.CommandContext(t.Context(), program, "-workers", "20", "-events", "100", "-screens", "events", "-pages", "2", "-rounds", "1", "-each", "2s").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		var screen string
		var pages int
		var daemon, stream, front, packed, plain float64
		if _, err := fmt.Sscan(lines[len(lines)-1], &screen, &pages, &daemon, &stream, &front, &packed, &plain); err != nil || screen != "events" || pages != 2 {
			t.Fatalf("%v: %s", err, out)
		}
		if packed <= 0 || plain <= packed || plain > 1000 {
			t.Errorf("a page got %.1f KB/s, %.1f unpacked: %s", packed, plain, out)
		}
		if stream == 0 && tries < 10 {
			continue // in so short a time there may be no sample of what takes little
		}
		if stream <= 0 || stream > 50 {
			t.Errorf("the profile shows %.2f %% for the pages, at try %d: %s", stream, tries, out)
		}
		return
	}
}

// What the daemon does for pages is told from the rest by the packages on a
// sample's stack, which are there.
func TestServing(t *testing.T) {
	stack := func(functions ...string) (at []*profile.Location) {
		for _, f := range functions {
			at = append(at, &profile.Location{Line: []profile.Line{{Function: &profile.Function{Name: f}}}})
		}
		return at
	}
	const internal = "github.com/legion-go/legion/internal/"
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}}
	for i, s := range [][]*profile.Location{
		stack("syscall.write", internal+"watch.(*Stream).send", "runtime.goexit"),
		stack(internal+"rpc.Encode", internal+"control.(*conn).serve"), // counts once
		stack(internal + "methods.list.func1"),
		stack(internal+"pool.(*Pool).tick", "runtime.goexit"),
		stack(internal + "watchdog.run"), // another package
		stack("example.com/control.Serve"),
	} {
		p.Sample = append(p.Sample, &profile.Sample{Location: s, Value: []int64{1, 1 << i}})
	}
	if got, err := serving(p); err != nil || got != time.Duration(1+2+4) {
		t.Errorf("%d ns, %v", got, err)
	}
	p.SampleType = p.SampleType[:1]
	if _, err := serving(p); err == nil {
		t.Error("a profile without processor time is taken")
	}
	for _, folder := range serves {
		if _, err := os.Stat(filepath.Join("../../internal", folder)); err != nil {
			t.Error(err)
		}
	}
}
