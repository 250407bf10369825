package proc

import (
	"cmp"
	"errors"
)

// sandboxFileSize is the Limits.FileSize of a child in a sandbox that names
// none.
const sandboxFileSize = 1 << 20

// Missing returns what s asks for and this system, with the rights of this
// process, cannot hold: each entry is a sentence that names the cure. Start
// fails then; but it starts a child whose sandbox has BestEffort without that.
// The first call may make and remove a cgroup.
func Missing(s Spec) []string {
	_, missing := s.strict().possible()
	return missing
}

// strict returns s with what its sandbox adds to it. Its own values come first.
func (s Spec) strict() Spec {
	box := s.Sandbox
	if box == nil {
		return s
	}
	s.User = cmp.Or(s.User, box.User)
	if s.Env == nil {
		s.Env = append([]string{}, box.Env...) // not nil: that would keep all
	}
	s.Limits.CPU = cmp.Or(s.Limits.CPU, box.CPU)
	s.Limits.Threads = cmp.Or(s.Limits.Threads, box.Threads)
	s.Limits.FileSize = cmp.Or(s.Limits.FileSize, box.FileSize, sandboxFileSize)
	s.Limits.NoCore = true
	return s
}

// possible returns s without what this system cannot hold, and what that is; an
// unknown user is still there, so that Start fails.
func (s Spec) possible() (Spec, []string) {
	var missing []string
	if _, err := s.identity(); err != nil {
		missing = append(missing, err.Error())
		if _, unable := errors.AsType[*unableError](err); unable {
			s.User = ""
		}
	}
	for _, name := range s.Limits.controllers() {
		if name == memoryController { // it is not all that holds Limits.Memory
			continue
		}
		if why := lacking(name); why != "" {
			missing = append(missing, needs(name, why))
			s.Limits = s.Limits.without(name)
		}
	}
	return s, missing
}

// without returns l without what a controller holds.
func (l Limits) without(name controller) Limits {
	switch name {
	case cpuController:
		l.CPU = 0
	case pidsController:
		l.Threads = 0
	}
	return l
}
