//go:build unix && !linux

package proc

// Capabilities finds out what this system lets proc do.
func Capabilities() Caps {
	return Caps{Lifeline: "goroutine", CgroupReason: "only Linux has cgroups"}
}
