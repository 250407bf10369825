package where

import "strings"

// legion is the module whose frames are not the program's.
const legion = "github.com/legion-go/legion"

// Program returns where a goroutine is in the program's own code, given its
// stack: the innermost frame that is neither Go's standard library nor Legion.
// It is "" if there is none.
func Program(block string) string {
	var frame string
	for line := range strings.SplitSeq(block, "\n") {
		if strings.HasPrefix(line, "\t") {
			if own(frame, line) {
				return place(frame, line)
			}
			line = ""
		}
		frame = line
	}
	return ""
}

// own reports whether a frame, with its place, is in the program's own code.
func own(frame, at string) bool {
	for _, of := range []string{"panic(", "runtime.", "internal/", "syscall.", "created by ", "golang.org/x/sys/", legion + "."} {
		if strings.HasPrefix(frame, of) {
			return false
		}
	}
	ours := strings.HasPrefix(frame, legion+"/") && !strings.HasPrefix(frame, legion+"/examples/") // cli.Main, for one
	return strings.Contains(frame, ".") && !ours && !generated(at) && !standard(frame, at)
}

// Func returns the function of a place, without file and line.
func Func(place string) string {
	name, _, _ := strings.Cut(place, " (")
	return name
}
