package takeover

import (
	"errors"
	"fmt"
	"strings"
)

// ErrTimeout is wrapped by a Failed if the new process was not ready in time.
var ErrTimeout = errors.New("timeout")

// ErrEnded is wrapped by a Failed if the new process ended before it counted,
// on its own or killed by another process.
var ErrEnded = errors.New("ended too early")

// Failed says why a started process did not take over. The process and its
// process group are gone.
type Failed struct {
	Path string // of the program
	PID  int
	// Code is the exit code for a starter: the code that the process gave to Fail,
	// or exited with; 1 if that was 0, or if there is no such code. Never 0.
	Code int
	// Message is the message of the process (Inheritance.Fail), or says what
	// happened to it.
	Message string
	// Output is the end of the process's stderr, at most OutputLines lines.
	Output []string
	// Err is ErrTimeout, ErrEnded, the context's error, or nil if the process
	// called Fail.
	Err error
}

// Error returns one line; it includes the last line of Output if the process
// did not call Fail.
func (f *Failed) Error() string {
	text := fmt.Sprintf("%s (process %d): %s", f.Path, f.PID, f.Message)
	if said := f.lastWord(); said != "" && f.Err != nil {
		text += fmt.Sprintf("; it printed %q", said)
	}
	return text
}

// lastWord is the most telling line of Output: the line of a panic, or else the
// last line.
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
