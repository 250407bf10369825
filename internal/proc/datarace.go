package proc

import (
	"bytes"
	"slices"
	"strings"
	"sync/atomic"
)

// raceExit is the exit code of a program built with the race detector that the detector has ended: at once after a data
// race with GORACE=halt_on_error=1, otherwise when the program would have exited with 0.
const raceExit = 66

// raceHead is the first line of a report of the race detector.
const raceHead = "WARNING: DATA RACE"

// raceOutOfMemory reports whether the race detector, which allocates much for itself, ended the program because it got
// no more: it does not go through the Go runtime then.
func raceOutOfMemory(stderr []string) bool {
	return slices.ContainsFunc(stderr, func(line string) bool { return strings.Contains(line, "ERROR: ThreadSanitizer failed to allocate") })
}

// raceReport returns the last report of the race detector that the child printed, as far as it is kept.
func (t *tail) raceReport() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.buf[max(0, bytes.LastIndex(t.buf, []byte(raceHead))):]
	report, _, _ := strings.Cut(strings.ToValidUTF8(string(b), "\uFFFD"), "\n==================")
	return strings.TrimSpace(report)
}

// onRace is told of each child that the race detector ended. Only tests set it: a program that is in use is not built
// with the detector, and one that is treats such a child like any other that died.
var onRace atomic.Pointer[func(daemon, child string, e Exit)]

// OnRace calls f, from now on, for each child that the race detector ends, before its Done is closed; daemon is
// Role.Daemon, child the name in its Spec. f must not block. It is for test binaries.
func OnRace(f func(daemon, child string, e Exit)) { onRace.Store(&f) }
