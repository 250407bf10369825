package recorder

import (
	"cmp"
	"fmt"
	"time"
)

// Recorder is legion.Recorder, which is why it has no methods.
type Recorder struct {
	Window time.Duration
	Bytes  int
}

// Bounds of a Recorder.
const (
	minWindow, maxWindow = 100 * time.Millisecond, time.Minute
	minBytes, maxBytes   = 256 << 10, 16 << 20
)

// On reports whether anything is to be recorded.
func On(o Recorder) bool { return o != Recorder{} }

// Filled returns o with its defaults.
func Filled(o Recorder) Recorder {
	if On(o) {
		o.Window, o.Bytes = cmp.Or(o.Window, 5*time.Second), cmp.Or(o.Bytes, 4<<20)
	}
	return o
}

// Mistake returns the field that is not within its bounds, and what is wrong
// with it; nothing if all is well.
func Mistake(o Recorder) (field, problem string) {
	switch {
	case !On(o):
	case o.Window < minWindow || o.Window > maxWindow:
		return "Window", fmt.Sprintf("is %v: use 100 ms to 1 min", o.Window)
	case o.Bytes < minBytes || o.Bytes > maxBytes:
		return "Bytes", fmt.Sprintf("is %d: use 256 KiB to 16 MiB", o.Bytes)
	}
	return "", ""
}

// Limit is a limit of a worker's memory, 0 for none, with room for a recording.
// The runtime takes Bytes as a hint: a worker whose goroutines did nothing but
// wake each other had five times as much more than one without a recorder.
func Limit(memory uint64, o Recorder) uint64 {
	if field, _ := Mistake(o); memory == 0 || field != "" {
		return memory
	}
	return memory + 8*uint64(o.Bytes)
}

// traceRoom is how many bytes a snapshot may have.
func traceRoom(o Recorder) int { return 4*o.Bytes + 8<<20 }

// profileRoom is how many bytes the profiles after it may have.
const profileRoom = 4 << 20
