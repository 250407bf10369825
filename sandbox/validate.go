package sandbox

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of a Sandbox.
const (
	// MinCPU and MaxCPU are the least and the largest CPU other than 0.
	MinCPU, MaxCPU = 0.05, 1024
	// MinThreads and MaxThreads are the least and the largest Threads other than 0:
	// a Go program has five to ten threads, and dies if it gets no more.
	MinThreads, MaxThreads = 16, 4 << 20
	// MinFileSize is the least FileSize other than 0: the report of a crash needs
	// it.
	MinFileSize = 256 << 10
	// maxList is the largest number of entries of a list.
	maxList = 256
)

// FieldError is a mistake in a field of a [Sandbox].
type FieldError struct {
	Field   string // its name: "Network", or "Read[1]" for an entry of a list
	Problem string // what is wrong, and what to do: `is "a": write an absolute path`
}

func (e *FieldError) Error() string { return "Sandbox." + e.Field + " " + e.Problem }

// Clone returns a copy that shares no memory with s; nil of nil.
func (s *Sandbox) Clone() *Sandbox {
	if s == nil {
		return nil
	}
	c := *s
	for _, list := range []*[]string{&c.Read, &c.Write, &c.Setup, &c.Env} {
		*list = slices.Clone(*list)
	}
	return &c
}

// Validate returns the mistakes in s: errors.Join joins a *[FieldError] for
// each. It does not look at the file system, and asks nothing of the system. A
// nil Sandbox is valid.
func (s *Sandbox) Validate() error {
	if s == nil {
		return nil
	}
	var errs []error
	that := func(ok bool, field, problem string, args ...any) {
		if !ok {
			errs = append(errs, &FieldError{field, fmt.Sprintf(problem, args...)})
		}
	}
	for _, l := range []struct {
		field string
		paths []string
	}{{"Read", s.Read}, {"Write", s.Write}, {"Setup", s.Setup}} {
		if len(l.paths) > maxList {
			that(false, l.field, "has %d paths; the limit is %d: name the folders they are in", len(l.paths), maxList)
			continue
		}
		for i, p := range l.paths {
			that(filepath.IsAbs(p) && strings.IndexByte(p, 0) < 0, entry(l.field, i), "is %q: write an absolute path", p)
		}
	}
	_, err := s.Network.ports()
	that(err == nil, "Network", "is wrong: %v", err)
	that(!s.Exec || len(s.Read) > 0, "Exec", "is set, and Sandbox.Read names no file or folder: name the programs that functions may start, and their libraries, in Read")
	if len(s.Env) > maxList {
		that(false, "Env", "has %d names; the limit is %d: use \"*\" to keep all", len(s.Env), maxList)
	} else {
		for i, e := range s.Env {
			name, _, sets := strings.Cut(e, "=")
			star := strings.IndexByte(name, '*')
			that(name != "" && strings.IndexByte(e, 0) < 0, entry("Env", i), "is %q, which does not name a variable", e)
			that(star < 0 || !sets && star == len(name)-1, entry("Env", i), "is %q: a * may only end a name, as in LC_*", e)
		}
	}
	that(strings.IndexByte(s.User, 0) < 0, "User", "is %q, which has a zero byte in it", s.User)
	that(s.CPU == 0 || s.CPU >= MinCPU && s.CPU <= MaxCPU, "CPU", "is %v; use %v to %d, or 0 for no bound", s.CPU, MinCPU, MaxCPU)
	that(s.FileSize == 0 || s.FileSize >= MinFileSize && s.FileSize <= 1<<62, "FileSize", "is %d bytes; use at least %d, or 0 for the default of 1 MiB", s.FileSize, MinFileSize)
	that(s.Threads == 0 || s.Threads >= MinThreads && s.Threads <= MaxThreads, "Threads", "is %d; use %d to %d, or 0 for no bound", s.Threads, MinThreads, MaxThreads)
	return errors.Join(errs...)
}

func entry(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
