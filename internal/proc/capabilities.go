package proc

// Caps says what this system lets proc do. Whatever is missing is done without, silently; this is for an operator who
// asks.
type Caps struct {
	// Lifeline is what ends a child when the daemon is gone: "kernel" (even one that is stopped, with its own children)
	// or "goroutine" (one that can still run).
	Lifeline string
	// Pidfd: waiting for a child takes no thread, and its process id is never mistaken.
	Pidfd bool
	// Memory says whether Process.Memory works.
	Memory bool
	// DataLimit says whether Limits.Memory becomes a RLIMIT_DATA.
	DataLimit bool
	// Cgroup is "v2", "v1" or "": which memory cgroup a child with Limits.Memory gets.
	Cgroup string
	// CgroupDir is where they are made.
	CgroupDir string
	// CgroupReason is why there are none, or what went wrong the last time one was made.
	CgroupReason string
}
