package legiontest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// leakPatience is how long things that are ending may take: a goroutine that
// has sent its last message still needs the processor to end.
const leakPatience = 5 * time.Second

// CheckLeaks records what the process has now, and fails the test if it has
// more when the test ends: goroutines, and on Linux open descriptors, child
// processes and shared memory. Call it first in the test, so that it checks
// last. Tests that call it must not run in parallel with others.
func CheckLeaks(t testing.TB) {
	t.Helper()
	checkLeaks(t, leakPatience)
}

func checkLeaks(t testing.TB, patience time.Duration) {
	t.Helper()
	// The runtime opens descriptors of its own with the first pipe, once.
	if r, w, err := os.Pipe(); err == nil {
		_, _ = r.Close(), w.Close()
	}
	before := inventory()
	t.Cleanup(func() {
		var left []string
		for deadline := time.Now().Add(patience); ; {
			if left = inventory().beyond(before); len(left) == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("left behind:\n%s", strings.Join(left, "\n"))
				return
			}
			runtime.Gosched()
			time.Sleep(time.Millisecond) // there is no event for the end of a goroutine
		}
	})
}

// holdings are what a process has, by a name that stays the same while it has
// it.
type holdings map[string]string

func inventory() holdings {
	h := holdings{}
	for id, stack := range goroutines() {
		h["goroutine "+id] = stack
	}
	descriptors, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range descriptors {
		if target, err := os.Readlink(name); err == nil && !strings.HasPrefix(target, "/proc/") {
			h["descriptor "+filepath.Base(name)] = target
		}
	}
	for _, pid := range children() {
		command, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		h["child process "+pid] = strings.ReplaceAll(string(command), "\x00", " ")
	}
	maps, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "/memfd:") && !strings.Contains(line, "/memfd:legion share ") { // which stays if it was read: see Shared.Bytes
			h["shared memory "+strings.Fields(line)[0]] = line
		}
	}
	return h
}

// beyond lists what h has and before does not.
func (h holdings) beyond(before holdings) (more []string) {
	for name, what := range h {
		if _, had := before[name]; !had {
			more = append(more, fmt.Sprintf("%s: %s", name, strings.TrimSpace(what)))
		}
	}
	slices.Sort(more)
	return more
}

// lasting marks the stacks of goroutines that are made once and never end.
var lasting = []string{
	"created by testing.",
	"created by os/signal.",
	"internal/proc.onStarter",   // the thread that starts processes
	"internal/proc.reapForEver", // the one that waits for orphans
}

// goroutines returns the stacks of all goroutines but this one and lasting
// ones, by id.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for i, stack := range strings.Split(string(buf), "\n\n") {
		id, ok := strings.CutPrefix(stack, "goroutine ")
		if !ok || i == 0 || slices.ContainsFunc(lasting, func(s string) bool { return strings.Contains(stack, s) }) {
			continue
		}
		all[id[:strings.IndexByte(id, ' ')]] = stack
	}
	return all
}

// children returns the process ids of this process's children, zombies among
// them.
func children() (pids []string) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // ended meanwhile
		}
		// The command, in parentheses, may hold anything.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			pids = append(pids, filepath.Base(filepath.Dir(name)))
		}
	}
	return pids
}
