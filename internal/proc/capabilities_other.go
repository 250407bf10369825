//go:build unix && !linux

package proc

// Capabilities finds out what this system lets proc do.
func Capabilities() Caps {
	none := CgroupPlace{Reason: noCgroups}
	c := Caps{Lifeline: "goroutine", MemoryCgroup: none, CPUCgroup: none, PidsCgroup: none}
	if err := privileged(); err != nil {
		c.Users = err.Error()
	}
	return c
}
