// Package doctor finds out how well Legion works on this machine.
package doctor

import (
	"github.com/legion-go/legion/internal/confine"
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
	user := status.Finding{
		Topic: "workers as other users", OK: c.Users == "", Found: "permitted", Means: "Pool.User makes the workers another user than the daemon",
	}
	if !user.OK {
		user.Found, user.Means = "not permitted: "+c.Users, "a pool with Pool.User does not start"
		user.Advice = "start the daemon as root, with CAP_SETUID, CAP_SETGID and CAP_KILL"
	}
	return append([]status.Finding{
		lifeline, pidfd, limit,
		cgroup("memory", c.MemoryCgroup, "Pool.MemoryLimit holds for all that a worker and its children use, page cache and C too",
			"Pool.MemoryLimit holds for each process by itself (RLIMIT_DATA), not for what it starts"),
		cgroup("cpu", c.CPUCgroup, "Pool.CPU holds for a worker and its children", "a pool with Pool.CPU does not start"),
		cgroup("pids", c.PidsCgroup, "Pool.Threads holds for a worker and its children", "a pool with Pool.Threads does not start"),
		user,
	}, sandboxes(confine.Look())...)
}

// cgroup says whether limits can be held by one controller of cgroups, and what
// that means for a pool with such a limit.
func cgroup(controller string, c proc.CgroupPlace, with, without string) status.Finding {
	if c.Version == "" {
		return status.Finding{
			Topic: controller + " cgroup", Found: "none: " + c.Reason, Means: without,
			Advice: "run the daemon as root, or under systemd with Delegate=" + controller,
		}
	}
	return status.Finding{Topic: controller + " cgroup", OK: true, Found: c.Version + " in " + c.Dir, Means: with}
}
