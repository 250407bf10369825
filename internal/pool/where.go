package pool

import (
	"strings"

	"github.com/legion-go/legion/internal/proc"
)

// running is where a worker that was killed for its slowness was: the innermost
// frame of its function's goroutine that is not the Go runtime's, and if that is
// of the standard library, the one that called it. A worker that was still
// starting is shown by its main goroutine. It is "" if the stack was not taken, or
// cannot be read.
func (d *Death) running() string {
	if !proc.AskedFor(d.Stack) {
		return ""
	}
	for block := range strings.SplitSeq(d.Stack, "\n\n") {
		starting := d.KilledBy == bootTimeout && strings.HasPrefix(block, "goroutine 1 ")
		if starting || strings.Contains(block, "internal/worker.(*server).run(") || strings.Contains(block, "internal/worker.(*server).iteration(") {
			return innermost(block)
		}
	}
	return ""
}

// innermost describes where the goroutine is whose stack is given.
func innermost(block string) string {
	lines := strings.Split(block, "\n")
	in := ""
	for i := 0; i+1 < len(lines); i++ {
		frame, at := lines[i], lines[i+1]
		if !strings.HasPrefix(at, "\t") || strings.HasPrefix(frame, "runtime.") || strings.HasPrefix(frame, "internal/") {
			continue
		}
		switch {
		case !standard(frame, at) && in == "":
			return place(frame, at)
		case !standard(frame, at):
			return in + ", called by " + place(frame, at)
		case in == "":
			in = place(frame, at)
		}
	}
	return in
}

// standard reports whether a frame is of Go's standard library: its package has
// no domain in its path, and its file is below a folder src.
func standard(frame, at string) bool {
	path := frame[:strings.LastIndexByte(frame, '/')+1]
	rest := frame[len(path):]
	pkg := path + rest[:max(strings.IndexByte(rest, '.'), 0)]
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".") && strings.Contains(at, "/src/"+pkg+"/")
}

// place writes a frame as "pkg.Func (file.go:12)".
func place(frame, at string) string {
	if n := strings.LastIndexByte(frame, '('); n > 0 {
		frame = frame[:n]
	}
	at = strings.TrimSpace(at)
	if n := strings.LastIndexByte(at, ' '); n > 0 {
		at = at[:n]
	}
	return frame[strings.LastIndexByte(frame, '/')+1:] + " (" + at[strings.LastIndexByte(at, '/')+1:] + ")"
}
