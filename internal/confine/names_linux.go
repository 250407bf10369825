//go:build amd64 || arm64

package confine

import "golang.org/x/sys/unix"

// namedCall is a system call with its name, and the field of a Sandbox that
// allows it; "" if none does.
type namedCall struct {
	call       uint32
	name, rule string
}

// named are the calls that may be refused, as far as they are worth a name.
func named() []namedCall {
	return append([]namedCall{
		{unix.SYS_SOCKET, "socket", "Network"}, {unix.SYS_SOCKETPAIR, "socketpair", "Network"}, {unix.SYS_CONNECT, "connect", "Network"}, {unix.SYS_BIND, "bind", "Network"},
		{unix.SYS_LISTEN, "listen", "Network"}, {unix.SYS_ACCEPT, "accept", "Network"}, {unix.SYS_ACCEPT4, "accept4", "Network"}, {unix.SYS_SENDTO, "sendto", "Network"},
		{unix.SYS_SENDMSG, "sendmsg", "Network"}, {unix.SYS_SENDMMSG, "sendmmsg", "Network"}, {unix.SYS_RECVMMSG, "recvmmsg", "Network"}, {unix.SYS_SENDFILE, "sendfile", "Network"},
		{unix.SYS_SPLICE, "splice", "Network"},
		{unix.SYS_OPENAT, "openat", "Read"}, {unix.SYS_OPENAT2, "openat2", "Read"}, {unix.SYS_NEWFSTATAT, "newfstatat", "Read"}, {unix.SYS_STATX, "statx", "Read"},
		{unix.SYS_READLINKAT, "readlinkat", "Read"}, {unix.SYS_FACCESSAT, "faccessat", "Read"}, {unix.SYS_FACCESSAT2, "faccessat2", "Read"}, {unix.SYS_GETDENTS64, "getdents64", "Read"},
		{unix.SYS_FLOCK, "flock", "Read"}, {unix.SYS_FADVISE64, "fadvise64", "Read"}, {unix.SYS_STATFS, "statfs", "Read"}, {unix.SYS_FSTATFS, "fstatfs", "Read"},
		{unix.SYS_COPY_FILE_RANGE, "copy_file_range", "Read"}, {unix.SYS_CHDIR, "chdir", "Read"}, {unix.SYS_FCHDIR, "fchdir", "Read"},
		{unix.SYS_MKDIRAT, "mkdirat", "Write"}, {unix.SYS_UNLINKAT, "unlinkat", "Write"}, {unix.SYS_RENAMEAT, "renameat", "Write"}, {unix.SYS_RENAMEAT2, "renameat2", "Write"},
		{unix.SYS_SYMLINKAT, "symlinkat", "Write"}, {unix.SYS_LINKAT, "linkat", "Write"}, {unix.SYS_TRUNCATE, "truncate", "Write"}, {unix.SYS_FTRUNCATE, "ftruncate", "Write"},
		{unix.SYS_FALLOCATE, "fallocate", "Write"},
		{unix.SYS_EXECVE, "execve", "Exec"}, {unix.SYS_EXECVEAT, "execveat", "Exec"}, {unix.SYS_CLONE, "clone", "Exec"}, {unix.SYS_WAIT4, "wait4", "Exec"},
		{unix.SYS_WAITID, "waitid", "Exec"}, {unix.SYS_PIDFD_OPEN, "pidfd_open", "Exec"}, {unix.SYS_PIDFD_SEND_SIGNAL, "pidfd_send_signal", "Exec"}, {unix.SYS_SETPGID, "setpgid", "Exec"},
		{unix.SYS_SETSID, "setsid", "Exec"},
		{unix.SYS_MMAP, "mmap", "JIT"}, {unix.SYS_MPROTECT, "mprotect", "JIT"}, {unix.SYS_PKEY_MPROTECT, "pkey_mprotect", "JIT"},
		{unix.SYS_KILL, "kill", ""}, {unix.SYS_TGKILL, "tgkill", ""}, {unix.SYS_TKILL, "tkill", ""}, {unix.SYS_RT_SIGQUEUEINFO, "rt_sigqueueinfo", ""},
		{unix.SYS_RT_TGSIGQUEUEINFO, "rt_tgsigqueueinfo", ""}, {unix.SYS_PTRACE, "ptrace", ""}, {unix.SYS_PROCESS_VM_READV, "process_vm_readv", ""}, {unix.SYS_PROCESS_VM_WRITEV, "process_vm_writev", ""},
		{unix.SYS_KCMP, "kcmp", ""}, {unix.SYS_PIDFD_GETFD, "pidfd_getfd", ""}, {unix.SYS_PROCESS_MADVISE, "process_madvise", ""}, {unix.SYS_MOVE_PAGES, "move_pages", ""},
		{unix.SYS_MIGRATE_PAGES, "migrate_pages", ""}, {unix.SYS_MOUNT, "mount", ""}, {unix.SYS_UMOUNT2, "umount2", ""}, {unix.SYS_PIVOT_ROOT, "pivot_root", ""},
		{unix.SYS_CHROOT, "chroot", ""}, {unix.SYS_UNSHARE, "unshare", ""}, {unix.SYS_SETNS, "setns", ""}, {unix.SYS_OPEN_TREE, "open_tree", ""},
		{unix.SYS_MOVE_MOUNT, "move_mount", ""}, {unix.SYS_FSOPEN, "fsopen", ""}, {unix.SYS_FSCONFIG, "fsconfig", ""}, {unix.SYS_FSMOUNT, "fsmount", ""},
		{unix.SYS_FSPICK, "fspick", ""}, {unix.SYS_MOUNT_SETATTR, "mount_setattr", ""}, {unix.SYS_OPEN_BY_HANDLE_AT, "open_by_handle_at", ""}, {unix.SYS_NAME_TO_HANDLE_AT, "name_to_handle_at", ""},
		{unix.SYS_SWAPON, "swapon", ""}, {unix.SYS_SWAPOFF, "swapoff", ""}, {unix.SYS_ACCT, "acct", ""}, {unix.SYS_QUOTACTL, "quotactl", ""},
		{unix.SYS_BPF, "bpf", ""}, {unix.SYS_PERF_EVENT_OPEN, "perf_event_open", ""}, {unix.SYS_USERFAULTFD, "userfaultfd", ""}, {unix.SYS_ADD_KEY, "add_key", ""},
		{unix.SYS_REQUEST_KEY, "request_key", ""}, {unix.SYS_KEYCTL, "keyctl", ""}, {unix.SYS_INIT_MODULE, "init_module", ""}, {unix.SYS_FINIT_MODULE, "finit_module", ""},
		{unix.SYS_DELETE_MODULE, "delete_module", ""}, {unix.SYS_KEXEC_LOAD, "kexec_load", ""}, {unix.SYS_KEXEC_FILE_LOAD, "kexec_file_load", ""}, {unix.SYS_REBOOT, "reboot", ""},
		{unix.SYS_SYSLOG, "syslog", ""}, {unix.SYS_SETTIMEOFDAY, "settimeofday", ""}, {unix.SYS_CLOCK_SETTIME, "clock_settime", ""}, {unix.SYS_CLOCK_ADJTIME, "clock_adjtime", ""},
		{unix.SYS_ADJTIMEX, "adjtimex", ""}, {unix.SYS_SETHOSTNAME, "sethostname", ""}, {unix.SYS_SETDOMAINNAME, "setdomainname", ""}, {unix.SYS_IO_URING_SETUP, "io_uring_setup", ""},
		{unix.SYS_IO_URING_ENTER, "io_uring_enter", ""}, {unix.SYS_IO_URING_REGISTER, "io_uring_register", ""}, {unix.SYS_FCHMOD, "fchmod", ""}, {unix.SYS_FCHMODAT, "fchmodat", ""},
		{unix.SYS_FCHOWN, "fchown", ""}, {unix.SYS_FCHOWNAT, "fchownat", ""}, {unix.SYS_UTIMENSAT, "utimensat", ""}, {unix.SYS_MKNODAT, "mknodat", ""},
		{unix.SYS_SETXATTR, "setxattr", ""}, {unix.SYS_FSETXATTR, "fsetxattr", ""}, {unix.SYS_MEMFD_CREATE, "memfd_create", ""}, {unix.SYS_SHMGET, "shmget", ""},
		{unix.SYS_SHMAT, "shmat", ""}, {unix.SYS_MSGGET, "msgget", ""}, {unix.SYS_SEMGET, "semget", ""}, {unix.SYS_MQ_OPEN, "mq_open", ""},
		{unix.SYS_INOTIFY_INIT1, "inotify_init1", ""}, {unix.SYS_FANOTIFY_INIT, "fanotify_init", ""}, {unix.SYS_PRCTL, "prctl", ""}, {unix.SYS_FCNTL, "fcntl", ""},
		{unix.SYS_IOCTL, "ioctl", ""}, {unix.SYS_SETSOCKOPT, "setsockopt", ""}, {unix.SYS_GETSOCKOPT, "getsockopt", ""}, {unix.SYS_PRLIMIT64, "prlimit64", ""},
		{unix.SYS_SETRLIMIT, "setrlimit", ""}, {unix.SYS_SETPRIORITY, "setpriority", ""}, {unix.SYS_SCHED_SETAFFINITY, "sched_setaffinity", ""}, {unix.SYS_SCHED_SETSCHEDULER, "sched_setscheduler", ""},
		{unix.SYS_SCHED_SETATTR, "sched_setattr", ""}, {unix.SYS_MLOCK, "mlock", ""}, {unix.SYS_MLOCKALL, "mlockall", ""}, {unix.SYS_MBIND, "mbind", ""},
		{unix.SYS_SET_MEMPOLICY, "set_mempolicy", ""}, {unix.SYS_PERSONALITY, "personality", ""}, {unix.SYS_SECCOMP, "seccomp", ""}, {unix.SYS_SETUID, "setuid", ""},
		{unix.SYS_SETGID, "setgid", ""}, {unix.SYS_SETREUID, "setreuid", ""}, {unix.SYS_SETREGID, "setregid", ""}, {unix.SYS_SETRESUID, "setresuid", ""},
		{unix.SYS_SETRESGID, "setresgid", ""}, {unix.SYS_SETGROUPS, "setgroups", ""}, {unix.SYS_SETFSUID, "setfsuid", ""}, {unix.SYS_SETFSGID, "setfsgid", ""},
		{unix.SYS_CAPSET, "capset", ""},
	}, oldNamed()...)
}
