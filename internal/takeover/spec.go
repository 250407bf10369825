package takeover

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The kinds of handover in Legion.
const (
	Background = "background" // a starter starts a daemon and ends
	Upgrade    = "upgrade"    // a daemon starts its successor and ends
	InPlace    = "in place"   // a daemon executes its successor in its own process: Held.Exec
	Trial      = "trial"      // a daemon checks whether a program would start: Try
)

// Limits of a handover.
const (
	MaxFiles = 1023
	MaxData  = 64 << 10 // bytes of Spec.Data
	MaxNames = 32 << 10 // bytes of Kind and of all the names of Files
	MaxTold  = 16 << 10 // bytes of the text of Inheritance.Tell
)

// DefaultTimeout is the default of Spec.Timeout.
const DefaultTimeout = time.Minute

// Spec says what to start and what to hand over. Only Path must be given.
type Spec struct {
	Path string   // of the program; relative to this process's working directory
	Args []string // with the program's name as Args[0]; nil: Path alone
	Env  []string // nil: this process's own
	Dir  string   // working directory; "": this process's own
	Kind string   // the purpose of the handover, told to the successor

	// Files are inherited by name. They stay open here, and keep their blocking
	// mode. A descriptor of a listening socket takes connections in both processes;
	// both hold a lock (flock) together, without a gap.
	Files map[string]*os.File
	Data  []byte // other data for the successor

	// Detach gives the process its own session, without a terminal, and /dev/null
	// as its stdin. Otherwise it gets its own process group, and this process's
	// stdin.
	Detach bool
	// Stdout and Stderr are the successor's; nil is /dev/null. They stay open here.
	Stdout, Stderr *os.File

	// Timeout is how long the process may take to become ready, counted from the
	// call of Start; 0 is DefaultTimeout.
	Timeout time.Duration
	// Settle is how long it must then stay alive before it counts; 0: not at all.
	Settle time.Duration
	// Leave is how long it may take to end after SIGTERM if ctx ends during Settle,
	// when it serves already; then it is killed. 0: it is killed at once.
	Leave time.Duration
	// Interrupt is how long the process may take to end if ctx ends before it
	// counts: it gets SIGTERM, a second one after half of this time, and is then
	// killed. 0: it is killed at once.
	Interrupt time.Duration
}

// check returns a copy with its defaults filled in, or an error.
func (s Spec) check() (Spec, error) {
	if s.Path == "" {
		return s, errors.New("no program is given")
	}
	if len(s.Args) == 0 {
		s.Args = []string{s.Path}
	}
	path, err := filepath.Abs(s.Path) // the child resolves it after its change to Dir
	if err != nil {
		return s, err
	}
	s.Path = path
	if s.Env == nil {
		s.Env = os.Environ()
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	if s.Timeout < 0 || s.Settle < 0 || s.Interrupt < 0 {
		return s, fmt.Errorf("a Timeout of %v, a Settle of %v and an Interrupt of %v: none may be negative", s.Timeout, s.Settle, s.Interrupt)
	}
	if s.Dir != "" {
		// Otherwise the error of the start would name the program.
		if info, err := os.Stat(s.Dir); err != nil {
			return s, fmt.Errorf("its working directory: %w", err)
		} else if !info.IsDir() {
			return s, fmt.Errorf("its working directory: %s is not a directory", s.Dir)
		}
	}
	return s, s.checkFiles()
}

func (s Spec) checkFiles() error {
	if len(s.Files) > MaxFiles {
		return fmt.Errorf("%d files to hand over; the limit is %d", len(s.Files), MaxFiles)
	}
	if len(s.Data) > MaxData {
		return fmt.Errorf("%d bytes of data to hand over; the limit is %d", len(s.Data), MaxData)
	}
	names := len(s.Kind)
	for name, f := range s.Files {
		if f == nil {
			return fmt.Errorf("the file %q to hand over is nil", name)
		}
		names += len(name)
	}
	if names > MaxNames-len(toldName) {
		return fmt.Errorf("the names of files to hand over take %d bytes; the limit is %d: use shorter names", names, MaxNames)
	}
	return nil
}

// environ returns the successor's environment with the marker.
func (s Spec) environ(m marker) []string {
	env := make([]string, 0, len(s.Env)+1)
	for _, kv := range s.Env {
		if !strings.HasPrefix(kv, markerName+"=") {
			env = append(env, kv)
		}
	}
	if s.Kind == Upgrade {
		env = withUpgrades(env, upgrades+1)
	}
	return append(env, markerName+"="+m.encode())
}
