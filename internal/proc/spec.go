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
	// Dir is the child's working directory. Default: the daemon's own.
	Dir string
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
	Arena      bool   // the last file is that of an arena
}

// Limits of one child. The zero value sets GOMAXPROCS to 1 and limits nothing
// else.
type Limits struct {
	// Memory is how many bytes the child may allocate beyond those that the Go
	// runtime has mapped at its start. 0: no limit, otherwise at least MinMemory.
	// It becomes RLIMIT_DATA (the process ends with the runtime's "out of memory"
	// and a stack), a GOMEMLIMIT of 90 %, and, with 1/16 and 16 MiB more, the limit
	// of a memory cgroup where one can be made: that also counts shared memory, and
	// the child together with its own children. Swap is not used if the cgroup can
	// forbid it. Systems other than Linux have only the GOMEMLIMIT.
	Memory uint64
	// Procs is GOMAXPROCS. Default: 1.
	Procs int
	// Nice is the nice value of all of the child's threads, −20 … 19; a value below
	// the daemon's needs privileges. Default, and 0: the daemon's own.
	Nice int
	// Files is RLIMIT_NOFILE, soft and hard. 0: the daemon's own, otherwise at
	// least MinFiles.
	Files uint64
}

// Bounds of a Spec, and of an Exit.
const (
	// MinMemory is the least Limits.Memory. The runtime of an idle Go process grows
	// by about 4 MiB at its first allocations; with less than this a worker would
	// die at its start.
	MinMemory = 16 << 20
	// MinFiles is the least Limits.Files.
	MinFiles = 32
	// MaxLimit is the largest limit.
	MaxLimit = 1 << 62
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
	switch l := &s.Limits; {
	case l.Memory != 0 && l.Memory < MinMemory:
		return fmt.Errorf("limits: Memory is %d bytes; a Go process needs %d to start: use at least that, or 0 for no limit", l.Memory, MinMemory)
	case l.Memory > MaxLimit:
		return fmt.Errorf("limits: Memory is %d bytes, more than is possible: use 0 for no limit", l.Memory)
	case l.Procs < 0:
		return fmt.Errorf("limits: Procs is %d; use 1 or more, or 0 for the default of 1", l.Procs)
	case l.Nice < -20 || l.Nice > 19:
		return fmt.Errorf("limits: Nice is %d; use −20 … 19", l.Nice)
	case l.Files != 0 && l.Files < MinFiles:
		return fmt.Errorf("limits: Files is %d; a Go process needs %d: use at least that, or 0 for the daemon's own", l.Files, MinFiles)
	case l.Files > MaxLimit:
		return fmt.Errorf("limits: Files is %d, more than is possible: use 0 for the daemon's own", l.Files)
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

// procs returns the GOMAXPROCS of l.
func (l Limits) procs() int {
	if l.Procs == 0 {
		return 1
	}
	return l.Procs
}
