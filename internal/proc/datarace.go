package proc

import (
	"bytes"
	"slices"
	"strings"
	"sync/atomic"
)

// raceExit is the exit code of a program that the race detector has ended: at
// once after a data race with GORACE=halt_on_error=1, otherwise when the
// program would have exited with 0.
const raceExit = 66

// raceHead is the first line of a report of the race detector.
const raceHead = "WARNING: DATA RACE"

// raceOutOfMemory reports whether the race detector, which allocates much
// memory for itself, ended the program because it got no more: it then bypasses
// the Go runtime.
func raceOutOfMemory(stderr []string) bool {
	return slices.ContainsFunc(stderr, func(line string) bool { return strings.Contains(line, "ERROR: ThreadSanitizer failed to allocate") })
}

// raceReport returns the kept part of the last report of the race detector that
// the child printed.
func (t *tail) raceReport() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.buf[max(0, bytes.LastIndex(t.buf, []byte(raceHead))):]
	report, _, _ := strings.Cut(strings.ToValidUTF8(string(b), "\uFFFD"), "\n==================")
	return strings.TrimSpace(report)
}

// onRace is called for each child that the race detector ended. Only tests set
// it: programs in production are not built with the detector, and one that is
// treats such a child like any other dead child.
var onRace atomic.Pointer[func(daemon, child string, e Exit)]

// OnRace calls f, from now on, for each child that the race detector ends,
// before its Done is closed; daemon is Purpose.Daemon, child the name in its
// Spec. f must not block. It is for test binaries.
func OnRace(f func(daemon, child string, e Exit)) { onRace.Store(&f) }
