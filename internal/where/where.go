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
// the standard library, also the frame of the program that called it, or that
// started the goroutine.
func Innermost(block string) string {
	lines := strings.Split(block, "\n")
	in := ""
	for i := 0; i+1 < len(lines); i++ {
		frame, at := lines[i], lines[i+1]
		if !strings.HasPrefix(at, "\t") || strings.HasPrefix(frame, "panic(") || strings.HasPrefix(frame, "runtime.") || strings.HasPrefix(frame, "internal/") ||
			strings.HasPrefix(frame, "syscall.") || strings.HasPrefix(frame, "golang.org/x/sys/") || generated(at) {
			continue
		}
		starter, started := strings.CutPrefix(frame, "created by ")
		switch {
		case started && (in == "" || standard(starter, at)):
		case started:
			starter, _, _ = strings.Cut(starter, " in goroutine ")
			return in + ", started by " + place(starter, at)
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
// path has no domain, and its file is below a folder src, or, in a program that
// was built with -trimpath, below a folder of the library. Functions of some
// packages, such as time.Sleep, are in files of package runtime.
func standard(frame, at string) bool {
	path := frame[:strings.LastIndexByte(frame, '/')+1]
	rest := frame[len(path):]
	pkg := path + rest[:max(strings.IndexByte(rest, '.'), 0)]
	first, _, _ := strings.Cut(pkg, "/")
	if strings.Contains(first, ".") {
		return false
	}
	pkg = strings.ReplaceAll(pkg, "%2e", ".") // in crypto/internal/entropy/v1.0.0
	if strings.Contains(at, "/src/"+pkg+"/") || strings.Contains(at, "/src/runtime/") {
		return true
	}
	trimmed := strings.HasPrefix(at, "\t"+pkg+"/") || strings.HasPrefix(at, "\truntime/")
	return trimmed && strings.Contains(folders, " "+first+" ")
}

// folders are those of the standard library that have functions. With
// -trimpath, packages of a module without a domain look like its own.
const folders = " archive bufio bytes cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html image " +
	"index internal io iter log maps math mime net os path plugin reflect regexp runtime slices sort strconv strings structs sync syscall testing " +
	"text time unicode unique unsafe vendor weak "

// generated reports whether a frame is in a file that cgo makes of a call of a
// C function, and that no reader has.
func generated(at string) bool { return strings.Contains(at, "_cgo_gotypes.go:") }

// place writes a frame as "pkg.Func (file.go:12)", without a line that the
// compiler does not know: that of an empty endless loop is negative.
func place(frame, at string) string {
	if n := strings.LastIndexByte(frame, '('); n > 0 {
		frame = frame[:n]
	}
	at = strings.TrimSpace(at)
	if n := strings.LastIndexByte(at, ' '); n > 0 {
		at = at[:n]
	}
	at, _, _ = strings.Cut(at[strings.LastIndexByte(at, '/')+1:], ":-")
	return frame[strings.LastIndexByte(frame, '/')+1:] + " (" + at + ")"
}
