package sandbox

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Bounds of a Sandbox.
const (
	// MinCPU is the least CPU other than 0.
	MinCPU = 0.05
	// maxList is the largest number of entries of a list.
	maxList = 256
)

// Validate returns an error that names the first field with a mistake, and what
// to do. It does not look at the file system, and asks nothing of the system. A
// nil Sandbox is valid.
func (s *Sandbox) Validate() error {
	if s == nil {
		return nil
	}
	for _, l := range []struct {
		field string
		paths []string
	}{{"Read", s.Read}, {"Write", s.Write}, {"Setup", s.Setup}} {
		if len(l.paths) > maxList {
			return fmt.Errorf("Sandbox.%s has %d paths; the limit is %d: name the folders they are in", l.field, len(l.paths), maxList)
		}
		for _, p := range l.paths {
			if !filepath.IsAbs(p) || strings.IndexByte(p, 0) >= 0 {
				return fmt.Errorf("Sandbox.%s: %q is not an absolute path", l.field, p)
			}
		}
	}
	if _, err := s.Network.ports(); err != nil {
		return fmt.Errorf("Sandbox.Network: %w", err)
	}
	if s.Exec && len(s.Read) == 0 {
		return fmt.Errorf("Sandbox.Exec is set, and Sandbox.Read names no file or folder: name the programs that functions may start, and their libraries, in Read")
	}
	if len(s.Env) > maxList {
		return fmt.Errorf("Sandbox.Env has %d names; the limit is %d: use \"*\" to keep all", len(s.Env), maxList)
	}
	for _, name := range s.Env {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			return fmt.Errorf("Sandbox.Env: %q is not the name of a variable", name)
		}
	}
	if strings.IndexByte(s.User, 0) >= 0 {
		return fmt.Errorf("Sandbox.User: %q has a zero byte in it", s.User)
	}
	if s.CPU != 0 && !(s.CPU >= MinCPU && s.CPU <= 1<<20) {
		return fmt.Errorf("Sandbox.CPU is %v; use %v or more, or 0 for no bound", s.CPU, MinCPU)
	}
	if s.FileSize > 1<<62 {
		return fmt.Errorf("Sandbox.FileSize is %d bytes, more than is possible: use 0 for the default of 1 MiB", s.FileSize)
	}
	if s.Threads < 0 {
		return fmt.Errorf("Sandbox.Threads is %d; use 0 for no bound", s.Threads)
	}
	return nil
}
