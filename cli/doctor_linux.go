package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/status"
)

// hostFindings are the findings about the system.
func hostFindings() (all []status.Finding) {
	all = append(all, kernel(), procFS(), sharedMemory(), processes())
	for _, f := range []*status.Finding{pidsLimit(), coreDumps(), namespaces(), yama(), seccomp()} {
		if f != nil {
			all = append(all, *f)
		}
	}
	return append(all, systemManager(), journal())
}

func kernel() status.Finding {
	f := status.Finding{Topic: "kernel", Means: "before 5.7 a worker is put into its cgroup after it has started, and before 5.4 each worker costs a thread"}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		f.Found = err.Error()
		return f
	}
	f.Found = unix.ByteSliceToString(u.Release[:])
	var major, minor int
	if n, _ := fmt.Sscanf(f.Found, "%d.%d", &major, &minor); n == 2 {
		f.OK = major > 5 || major == 5 && minor >= 7
	}
	if !f.OK {
		f.Advice = "use Linux 5.7 or later"
	}
	return f
}

func procFS() status.Finding {
	f := status.Finding{Topic: "/proc", OK: true, Found: "mounted", Means: "workers are started through /proc/self/exe, and what a process uses is read there"}
	if _, err := os.Lstat("/proc/self/exe"); err != nil {
		f.OK, f.Found, f.Advice = false, err.Error(), "mount /proc: a daemon cannot start its workers without it"
	}
	return f
}

func sharedMemory() status.Finding {
	f := status.Finding{Topic: "shared memory", OK: true, Found: "memfd; /dev/shm is not needed"}
	fd, err := unix.MemfdCreate("legion-doctor", unix.MFD_CLOEXEC|unix.MFD_NOEXEC_SEAL)
	if errors.Is(err, unix.EINVAL) { // Linux before 6.3
		fd, err = unix.MemfdCreate("legion-doctor", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		f.OK, f.Found = false, "no memfd: "+err.Error()
		f.Means, f.Advice = "calls travel over sockets, which is slower, and pools with Transport: SharedMemory do not start", "permit memfd_create in the sandbox"
		return f
	}
	_ = unix.Close(fd)
	return f
}

// enoughProcesses is how many processes and threads leave room for some hundred
// workers.
const enoughProcesses = 4096

func processes() status.Finding {
	f := status.Finding{Topic: "processes", Means: "threads count, of which each worker has about ten; at the limit workers fail to start"}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &limit); err != nil {
		f.Found = err.Error()
		return f
	}
	f.Found = limited(limit.Cur) + " for this user (RLIMIT_NPROC)"
	if os.Geteuid() == 0 {
		f.Found += ", which does not apply to root"
	}
	if f.OK = limit.Cur >= enoughProcesses || os.Geteuid() == 0; !f.OK {
		f.Advice = "raise it: ulimit -u, LimitNPROC= in a unit"
	}
	return f
}

// pidsLimit is the limit of the cgroup, which counts threads too.
func pidsLimit() *status.Finding {
	path, most := "", ""
	b, _ := os.ReadFile("/proc/self/cgroup")
	for line := range strings.Lines(string(b)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		root := "/sys/fs/cgroup"
		switch {
		case parts[1] == "pids":
			root += "/pids"
		case parts[1] != "":
			continue
		}
		for dir := parts[2]; ; dir = filepath.Dir(dir) { // the nearest limit above; a container does not see its own path
			if text, err := os.ReadFile(filepath.Join(root, dir, "pids.max")); err == nil && strings.TrimSpace(string(text)) != "max" {
				path, most = filepath.Join(root, dir, "pids.max"), strings.TrimSpace(string(text))
				break
			}
			if dir == "/" || dir == "." {
				break
			}
		}
	}
	if path == "" {
		return nil
	}
	n, _ := strconv.Atoi(most)
	f := &status.Finding{
		Topic: "pids of the cgroup", OK: n >= enoughProcesses, Found: most + " (" + path + ")",
		Means: "threads count, of which each worker has about ten; at the limit workers fail to start",
	}
	if !f.OK {
		f.Advice = "raise it: TasksMax= in a unit, --pids-limit of a container"
	}
	return f
}

func coreDumps() *status.Finding {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	var limit unix.Rlimit
	if err != nil || unix.Getrlimit(unix.RLIMIT_CORE, &limit) != nil {
		return nil
	}
	text := strings.TrimSpace(string(pattern))
	f := &status.Finding{Topic: "core dumps", OK: true, Found: fmt.Sprintf("%s at most, pattern %s", limited(limit.Cur), text)}
	program, piped := strings.CutPrefix(text, "|")
	switch {
	case piped:
		f.OK = false
		f.Means = "a worker that crashes in C, or with GOTRACEBACK=crash, is not gone before " + strings.Fields(program + " ?")[0] + " has read all of its memory, whatever the limit is; its replacement starts only then"
		f.Advice = "to make crashes cheap: Pool.NoCore; or sysctl kernel.core_pattern=core, with a limit of 0"
	case limit.Cur > 0:
		f.OK = false
		f.Means = "a worker that crashes in C, or with GOTRACEBACK=crash, writes its memory to a file before it is gone"
		f.Advice = "to make crashes cheap: Pool.NoCore; or ulimit -c 0, LimitCORE=0 in a unit"
	}
	return f
}

func namespaces() *status.Finding {
	f := &status.Finding{Topic: "user namespaces", OK: true, Means: "Legion needs none; sandboxes that worker functions make, a browser's for instance, do"}
	most, err := os.ReadFile("/proc/sys/user/max_user_namespaces")
	if err != nil {
		return nil
	}
	f.Found = strings.TrimSpace(string(most)) + " at most"
	restricted := false
	for _, path := range []string{"/proc/sys/kernel/unprivileged_userns_clone", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"} {
		b, err := os.ReadFile(path)
		if value := strings.TrimSpace(string(b)); err == nil && (strings.HasSuffix(path, "clone") && value == "0" || strings.HasSuffix(path, "userns") && value == "1") {
			restricted = true
			f.Found += ", for root only (" + filepath.Base(path) + ")"
		}
	}
	if f.Found == "0 at most" || restricted && os.Geteuid() != 0 {
		f.OK, f.Advice = false, "if worker functions need them: sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone"
	}
	return f
}

func yama() *status.Finding {
	b, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil {
		return nil
	}
	scope := strings.TrimSpace(string(b))
	f := &status.Finding{
		Topic: "Yama", OK: scope < "2", Found: "ptrace_scope " + scope,
		Means: "debuggers cannot attach to workers; worker stack works, for workers write their stacks themselves",
	}
	if !f.OK {
		f.Advice = "only if you debug: sysctl kernel.yama.ptrace_scope=1"
	}
	return f
}

func seccomp() *status.Finding {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if mode, found := strings.CutPrefix(line, "Seccomp:"); found && strings.TrimSpace(mode) == "2" {
			return &status.Finding{Topic: "seccomp", OK: true, Found: "a filter is active: the other findings show what it forbids"}
		}
	}
	return nil
}

func systemManager() status.Finding {
	f := status.Finding{Topic: "systemd", Means: "nothing starts the daemon at boot, or again after the daemon itself has crashed"}
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		f.Found, f.Advice = "it does not run here", "in a container the container's manager does this; elsewhere use another service manager"
		return f
	}
	f.Found = "it runs"
	version := systemdVersion(context.Background())
	if version > 0 {
		f.Found = fmt.Sprintf("version %d", version)
	}
	if f.OK = version == 0 || version >= notifyReload; !f.OK {
		f.Means, f.Advice = "there is no Type=notify-reload: systemctl reload returns before the reload is done", "the verb unit writes for this version, and the verb reload waits"
	}
	return f
}

func journal() status.Finding {
	const socket = "/run/systemd/journal/socket"
	f := status.Finding{Topic: "journal", Found: socket, OK: true, Means: "LogFormat \"journal\" does not work"}
	if _, err := os.Stat(socket); err != nil {
		f.OK, f.Found, f.Advice = false, "no "+socket, "log to a file or to standard error"
		if !errors.Is(err, fs.ErrNotExist) {
			f.Found = err.Error()
		}
	}
	return f
}
