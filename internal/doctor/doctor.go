// Package doctor finds out how well Legion works on this machine.
package doctor

import (
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/status"
)

// Look finds out what this machine, with the rights of this process, lets
// Legion do. It may make and remove a cgroup.
func Look() []status.Finding {
	c := proc.Capabilities()
	lifeline := status.Finding{
		Topic: "end of the daemon", OK: c.Lifeline == "kernel", Found: "lifeline by " + c.Lifeline,
		Means: "when the daemon is killed, the kernel kills its workers and what they have started",
	}
	if !lifeline.OK {
		lifeline.Means = "when the daemon is killed, its workers end themselves; one that hangs in C or is stopped does not"
		lifeline.Advice = "run it on Linux"
	}
	pidfd := status.Finding{
		Topic: "waiting for workers", OK: c.Pidfd, Found: "pidfd", Means: "a worker costs no thread, and its pid is never mistaken for another's",
	}
	if !pidfd.OK {
		pidfd.Found, pidfd.Means, pidfd.Advice = "no pidfd", "each worker costs the daemon a thread", "use Linux 5.4 or later, and permit pidfd_open in the sandbox"
	}
	limit := status.Finding{
		Topic: "memory limits", OK: c.DataLimit, Found: "RLIMIT_DATA", Means: "Pool.MemoryLimit bounds what a worker allocates",
	}
	if !limit.OK {
		limit.Found, limit.Means, limit.Advice = "no RLIMIT_DATA", "Pool.MemoryLimit only guides the garbage collector of a worker", "run it on Linux"
	}
	cgroup := status.Finding{
		Topic: "memory cgroup", OK: c.Cgroup != "", Found: c.Cgroup + " in " + c.CgroupDir,
		Means: "Pool.MemoryLimit holds for all that a worker and its children use, page cache and C too",
	}
	if !cgroup.OK {
		cgroup.Found, cgroup.Means = "none: "+c.CgroupReason, "Pool.MemoryLimit holds for each process by itself (RLIMIT_DATA), not for what it starts"
		cgroup.Advice = "run the daemon as root, or under systemd with Delegate=memory"
	}
	return []status.Finding{lifeline, pidfd, limit, cgroup}
}
