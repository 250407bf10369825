package takeover

import (
	"errors"
	"fmt"
	"strings"
)

// ErrTimeout is what a Failed wraps if the new process was not ready in time.
var ErrTimeout = errors.New("timeout")

// ErrEnded is what a Failed wraps if the new process ended, of itself or killed by somebody else, before it counted.
var ErrEnded = errors.New("ended too early")

// Failed says why a process that was started did not take over. It is gone, and so is its process group.
type Failed struct {
	Path string // of its program
	PID  int
	// Code is what a starter should exit with: the code that the process named, or exited with; 1 if that was 0, or if
	// there is none. Never 0.
	Code int
	// Message is what the process said (Inheritance.Fail), or what happened to it.
	Message string
	// Output is the end of what it printed to stderr, at most OutputLines lines.
	Output []string
	// Err is ErrTimeout, ErrEnded, the context's error, or nil if the process said itself that it failed.
	Err error
}

// Error is one line; of Output, it has the last line if the process did not say itself why it failed.
func (f *Failed) Error() string {
	text := fmt.Sprintf("%s (process %d): %s", f.Path, f.PID, f.Message)
	if said := f.lastWord(); said != "" && f.Err != nil {
		text += fmt.Sprintf("; it printed %q", said)
	}
	return text
}

// lastWord is the line of Output that tells most: that of a panic, or the last.
func (f *Failed) lastWord() string {
	for _, line := range f.Output {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
	}
	if n := len(f.Output); n > 0 {
		return f.Output[n-1]
	}
	return ""
}

func (f *Failed) Unwrap() error { return f.Err }
