// Package where finds, in the text of Go stacks, the place that a reader looks
// for first: the function of the program, with file and line. The text comes
// from another process, which may be compromised: the answer is always a part
// of that text, and at worst useless.
package where

import "strings"

// Panicked returns where a function panicked, or ended its goroutine, given the
// stack that debug.Stack returns in the deferred function that recovers. It is
// "" if the stack does not show it.
func Panicked(stack string) string {
	for _, by := range []string{"\npanic(", "\nruntime.Goexit("} {
		if at := strings.Index(stack, by); at >= 0 {
			return Innermost(stack[at+1:])
		}
	}
	return ""
}

// Crashed returns where a process crashed, given the report that the Go
// runtime, or the race detector, printed at its end.
func Crashed(report string) string {
	if strings.HasPrefix(report, "WARNING: DATA RACE\n") { // its stacks are indented
		first, _, _ := strings.Cut(report, "\n\n")
		return Innermost(strings.NewReplacer("\n      ", "\n\t", "\n  ", "\n").Replace(first))
	}
	for block := range strings.SplitSeq(report, "\n\n") {
		if strings.HasPrefix(block, "goroutine ") && !strings.HasPrefix(block, "goroutine 0 ") {
			return Innermost(block)
		}
	}
	return ""
}

// Innermost returns where a goroutine is, given its stack: the innermost frame
// that is neither the Go runtime's nor a bare system call, and if that is in
// the standard library, also the frame of the program that called it.
func Innermost(block string) string {
	lines := strings.Split(block, "\n")
	in := ""
	for i := 0; i+1 < len(lines); i++ {
		frame, at := lines[i], lines[i+1]
		if !strings.HasPrefix(at, "\t") || strings.HasPrefix(frame, "panic(") || strings.HasPrefix(frame, "runtime.") || strings.HasPrefix(frame, "internal/") ||
			strings.HasPrefix(frame, "syscall.") || strings.HasPrefix(frame, "golang.org/x/sys/") {
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

// standard reports whether a frame is in Go's standard library: its package
// path has no domain, and its file is below a folder src. Functions of some
// packages, such as time.Sleep, are in files of package runtime.
func standard(frame, at string) bool {
	path := frame[:strings.LastIndexByte(frame, '/')+1]
	rest := frame[len(path):]
	pkg := path + rest[:max(strings.IndexByte(rest, '.'), 0)]
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".") && (strings.Contains(at, "/src/"+pkg+"/") || strings.Contains(at, "/src/runtime/"))
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
