//go:build linux

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// It works: pages get streams, which both processes pay for.
func TestTable(t *testing.T) {
	program := filepath.Join(t.TempDir(), "insight")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
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
	if stream <= 0 || stream > 50 {
		t.Errorf("the profile shows %.2f %% for the pages: %s", stream, out)
	}
	if packed <= 0 || plain <= packed || plain > 1000 {
		t.Errorf("a page got %.1f KB/s, %.1f unpacked: %s", packed, plain, out)
	}
}
