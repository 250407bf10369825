//go:build !race

// The race detector touches memory of its own for all memory.

package reuse

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"testing/synctest"
)

// The block makes the heap larger, and takes no memory.
func TestFloorTakesNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // whose timer ends with it
		defer forbid()
		forbid()
		debug.FreeOSMemory()
		before := resident(t)
		AllowFloor()
		raise(floorFrom)
		if grown := resident(t) - before; !raised() || grown > floorBytes/4 {
			t.Errorf("raised: %v, the process has grown by %d bytes", raised(), grown)
		}
	})
}

// resident returns the bytes of memory of this process that no file has.
func resident(t *testing.T) (bytes int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if _, err := fmt.Sscanf(line, "RssAnon: %d kB", &bytes); err == nil {
			return bytes << 10
		}
	}
	t.Fatal("the system does not say how much memory this process has")
	return 0
}
