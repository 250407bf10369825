package proc

import (
	"fmt"
	"os"

	"github.com/legion-go/legion/sandbox"
)

// Spec describes the child to start. Its zero value starts a copy of this
// process that inherits nothing and has no limits but GOMAXPROCS=1.
type Spec struct {
	// Name is the name that ps shows in place of the program's path; its first 15
	// bytes are also the process's comm, which top shows. The child's os.Args[0] is
	// still the daemon's. Default: the daemon's os.Args[0].
	Name string
	// Dir is the child's working directory. Default: the daemon's own, also for a
	// child of another user that may not go to Dir.
	Dir string
	// User is whom the child runs as, without supplementary groups: "user" or
	// "user:group", by name or number. HOME, USER and LOGNAME in its environment
	// are those of that user. It needs the rights to become another user and to
	// kill its processes. Default: the daemon's user, with its groups.
	User string
	// Env names the variables of the daemon's environment that the child keeps
	// beside keptEnv: "NAME"; "NAME*" for all whose names begin so, "*" for all.
	// "NAME=value" sets one. Nil keeps all.
	Env []string
	// Purpose is passed to the child unchanged, as Self().Purpose.
	Purpose Purpose
	// Files are inherited and become Self().Files, in that order. The caller keeps
	// them, and closes them after Start.
	Files []*os.File
	// Limits bind the child before any user code runs.
	Limits Limits
	// Sandbox confines the child, which has to call Seal. Default: nothing does.
	Sandbox *sandbox.Sandbox
	// Output receives the output of the child and its children, line by line
	// without the newline; lines longer than MaxLine are split into several. One
	// goroutine per stream calls it, and the line is valid only during the call. It
	// must not block: while it does, the child blocks on printing. Default: stdout
	// goes to /dev/null; the end of stderr is kept for Exit in any case.
	Output func(s Stream, line []byte)
}

// Purpose tells a child what it is for. This package only passes it on.
type Purpose struct {
	Daemon     string // name of the daemon
	Pool       string // name of the pool it serves
	Worker     uint64 // number of the worker in the daemon
	Transport  uint8  // kind of its link
	Buffer     int    // bytes of the link's buffer
	MaxPayload int64  // bytes of the largest payload
	Arena      bool   // the last file before those is that of an arena
	Recorder   bool   // the last file before all of these is that of a recorder
	Shared     int    // so many files at the end are those of shared values
	Dir        string // its working directory, to which it changes after main; "": where it starts
}

// Bounds of what is kept of a child's output.
const (
	// MaxLine is the longest line in bytes that Output gets in one piece.
	MaxLine = 8 << 10
	// MaxStack is the longest Exit.Stack in bytes.
	MaxStack = 64 << 10
	// StderrLines and StderrBytes bound Exit.Stderr.
	StderrLines = 20
	StderrBytes = 8 << 10
)

// ExitRefused is the exit code of a child that could not be set up according to
// its Spec, or whose marker was not meant for it. It has printed the reason to
// stderr, and no user code has run.
const ExitRefused = 125

// Stream is the stream that a line was printed to.
type Stream uint8

const (
	Stdout Stream = iota + 1
	Stderr
)

// String returns "stdout" or "stderr".
func (s Stream) String() string {
	switch s {
	case Stdout:
		return "stdout"
	case Stderr:
		return "stderr"
	}
	return fmt.Sprintf("Stream(%d)", uint8(s))
}

// check refuses a Spec that could only fail later, in the child.
func (s *Spec) check() error {
	for field, problem := range s.Limits.Mistakes() {
		return fmt.Errorf("limits: %s %s", field, problem)
	}
	if err := CheckEnv(s.Env); err != nil {
		return fmt.Errorf("env: %w", err)
	}
	if err := s.Sandbox.Validate(); err != nil {
		return err
	}
	for i, f := range s.Files {
		if f == nil {
			return fmt.Errorf("files: number %d is nil", i)
		}
	}
	for i := 0; i < len(s.Name); i++ {
		if s.Name[i] == 0 {
			return fmt.Errorf("name: %q has a zero byte in it", s.Name)
		}
	}
	return nil
}
