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
	// MemoryCgroup, CPUCgroup and PidsCgroup say where the cgroups are made for
	// Limits.Memory, which does not need one, and for CPU and Threads, which do.
	MemoryCgroup, CPUCgroup, PidsCgroup CgroupPlace
	// Users is why this process cannot start children of other users; "" if it can.
	Users string
}

// CgroupPlace says where children's cgroups with one controller are made.
type CgroupPlace struct {
	// Version is "v2", "v1", or "" for none.
	Version string
	// Dir is the folder in which they are made.
	Dir string
	// Reason is why none is made, or the last error in making one.
	Reason string
}
