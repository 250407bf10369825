package logs

import (
	"bytes"
	"log/slog"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/status"
)

// These mark the lines of a crash report in the log.
const (
	dumpLevel  = slog.LevelDebug
	streamAttr = "stream"
)

// OfCrashReport reports whether a record is a line of a crash report that a
// worker printed, except the line that says what happened.
func OfCrashReport(r status.LogRecord) bool {
	if r.Level != dumpLevel.String() {
		return false
	}
	for _, a := range r.Attrs {
		if a.Key == streamAttr && a.Value.String() == proc.Stderr.String() {
			return true
		}
	}
	return false
}

// stackDump recognises the lines of Go's crash reports: blocks that begin with
// "goroutine 7 [running]:" or "runtime stack:" and end with an empty line, and
// the registers after them. The line that says what happened does not count.
type stackDump struct{ inside, was bool }

func (d *stackDump) has(line []byte) bool {
	switch {
	case bytes.HasPrefix(line, []byte("goroutine ")) && bytes.HasSuffix(line, []byte("]:")), bytes.Equal(line, []byte("runtime stack:")):
		d.inside, d.was = true, true
	case bytes.HasPrefix(line, []byte("PC=0x")):
		d.was = true
		return true
	case len(line) == 0:
		d.inside = false
		return true // says nothing
	}
	return d.inside || d.was && isRegister(line)
}

// isRegister recognises a line like "rax    0x5".
func isRegister(line []byte) bool {
	f := bytes.Fields(line)
	return len(f) == 2 && len(f[0]) <= 6 && bytes.HasPrefix(f[1], []byte("0x"))
}
