package proc

// Caps says what this system lets proc do. proc silently works without what is
// missing; Caps is for an operator's questions.
type Caps struct {
	// Lifeline is what ends a child when the daemon is gone: "kernel" (also a
	// stopped child, with its own children) or "goroutine" (only a child that can
	// still run).
	Lifeline string
	// Pidfd says that waiting for a child takes no thread, and that its process id
	// is never confused with another.
	Pidfd bool
	// Memory says whether Process.Memory works.
	Memory bool
	// DataLimit says whether Limits.Memory sets RLIMIT_DATA.
	DataLimit bool
	// Cgroup is the kind of memory cgroup that a child with Limits.Memory gets:
	// "v2", "v1" or "" for none.
	Cgroup string
	// CgroupDir is the folder in which cgroups are made.
	CgroupDir string
	// CgroupReason is why no cgroups are made, or the last error in making one.
	CgroupReason string
}
