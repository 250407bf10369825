//go:build !race

// The race detector multiplies the memory of a process, so this is measured
// without it (make norace).

package legion_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// An idle worker uses no CPU, and little memory of its own, even in a binary as
// large as this one.
func TestIdleWorkerCostsNothing(t *testing.T) {
	k := newKit(legion.Pool{Max: 1}).start(t)
	if _, err := k.echo.Call(t.Context(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	pool, err := k.d.Pool("main")
	if err != nil {
		t.Fatal(err)
	}
	pid := pool.Stats().Workers[0].PID
	settled := cpu(t, pid)
	await(t, func() bool { // what the call has left to do
		was := settled
		time.Sleep(50 * time.Millisecond)
		settled = cpu(t, pid)
		return settled == was
	})
	time.Sleep(time.Second) // the time that is measured
	if used := cpu(t, pid) - settled; used > 1 {
		t.Errorf("%d ticks of 10 ms of CPU in a second of idleness", used)
	}
	mine := private(t, pid) >> 10
	t.Logf("%d KiB of private memory", mine)
	if mine == 0 || mine > 1536 {
		t.Errorf("%d KiB of private memory", mine)
	}
}

// private returns the bytes of memory that a process shares with no other.
func private(t *testing.T, pid int) (bytes int) {
	t.Helper()
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(rollup)) {
		var name string
		var kib int
		if _, err := fmt.Sscan(line, &name, &kib); err == nil && strings.HasPrefix(name, "Private_") {
			bytes += kib << 10
		}
	}
	return bytes
}

// cpu returns the clock ticks that a process has used.
func cpu(t *testing.T, pid int) (ticks int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	for _, i := range []int{11, 12} { // utime, stime
		var n int
		fmt.Sscan(fields[i], &n)
		ticks += n
	}
	return ticks
}

// A worker that rests after large payloads gives their memory back.
func TestIdleWorkerGivesMemoryBack(t *testing.T) {
	l := newLender(legion.Pool{Max: 1})
	legiontest.Start(t, l.d)
	call := func(size int) {
		var out []byte
		if err := l.upper.CallInto(t.Context(), make([]byte, size), &out); err != nil {
			t.Fatal(err)
		}
	}
	call(64)
	pid := l.upper.Pool().Stats().Workers[0].PID
	before := private(t, pid)
	for range 5 {
		call(8 << 20)
	}
	most := before + 3<<20 // the ring's pages stay
	if busy := private(t, pid); busy <= most {
		t.Fatalf("only %d KiB after large payloads: this test shows nothing", busy>>10)
	}
	await(t, func() bool { return private(t, pid) <= most })
}
