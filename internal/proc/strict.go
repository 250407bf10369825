package proc

import "cmp"

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

// possible returns s without what cannot be held, and what that is.
func (s Spec) possible() (Spec, []string) {
	var missing []string
	if _, err := s.identity(); err != nil {
		missing = append(missing, err.Error())
		s.User = ""
	}
	if s.Limits.CPU != 0 || s.Limits.Threads != 0 {
		c := Capabilities()
		if s.Limits.CPU != 0 && c.CPUCgroup.Version == "" {
			missing = append(missing, needs("CPU", "cpu", c.CPUCgroup.Reason))
			s.Limits.CPU = 0
		}
		if s.Limits.Threads != 0 && c.PidsCgroup.Version == "" {
			missing = append(missing, needs("Threads", "pids", c.PidsCgroup.Reason))
			s.Limits.Threads = 0
		}
	}
	return s, missing
}

// needs says that a limit needs a cgroup.
func needs(limit, controller, reason string) string {
	return limit + " needs a " + controller + " cgroup: " + reason + ": run the daemon as root, or under systemd with Delegate=" + controller
}
