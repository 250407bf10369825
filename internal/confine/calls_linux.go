//go:build amd64 || arm64

package confine

import (
	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// Requests of ioctl that package unix does not name.
const (
	fionbio  = 0x5421
	fionclex = 0x5450
	fioclex  = 0x5451
)

// opensFiles reports whether functions may open any file: also those that name
// resolution needs.
func opensFiles(s *sandbox.Sandbox) bool {
	return len(s.Read) > 0 || len(s.Write) > 0 || s.Network.Any()
}

// writesFiles reports whether functions may open any file for writing: a
// program that is started gets /dev/null.
func writesFiles(s *sandbox.Sandbox) bool { return len(s.Write) > 0 || s.Exec }

// allowed returns the calls that are allowed whatever their arguments.
func allowed(s *sandbox.Sandbox, abi int) []uint32 {
	list := append(computing(), oldComputing()...)
	if s.JIT || s.Exec {
		list = append(list, unix.SYS_MMAP, unix.SYS_MPROTECT)
	}
	if opensFiles(s) {
		list = append(append(list, reading()...), oldReading()...)
	}
	if writesFiles(s) {
		list = append(append(list, writing()...), oldWriting()...)
		if abi >= abiTruncate {
			list = append(list, unix.SYS_TRUNCATE)
		}
	}
	switch {
	case s.Network.Any():
		list = append(list, unix.SYS_CONNECT, unix.SYS_SENDFILE, unix.SYS_SPLICE, unix.SYS_SOCKETPAIR, unix.SYS_BIND, unix.SYS_LISTEN,
			unix.SYS_ACCEPT, unix.SYS_ACCEPT4, unix.SYS_SENDTO, unix.SYS_SENDMSG, unix.SYS_SENDMMSG, unix.SYS_RECVMMSG, unix.SYS_SETSOCKOPT)
	case s.Network.Ports() != nil:
		list = append(list, unix.SYS_CONNECT, unix.SYS_SENDFILE, unix.SYS_SPLICE)
	}
	if s.Exec {
		list = append(append(list, starting()...), oldStarting()...)
	}
	return list
}

// computing are the calls of a function that computes, and of the Go and the C
// runtime below it; the first ones are made most often.
func computing() []uint32 {
	return []uint32{
		unix.SYS_FUTEX, unix.SYS_READ, unix.SYS_WRITE, unix.SYS_EPOLL_PWAIT, unix.SYS_NANOSLEEP, unix.SYS_MADVISE, unix.SYS_SCHED_YIELD,
		// Memory.
		unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_BRK, unix.SYS_MSYNC, unix.SYS_MEMBARRIER,
		// Threads.
		unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ, unix.SYS_SET_TID_ADDRESS, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_GETTID,
		unix.SYS_SCHED_GETAFFINITY, unix.SYS_SCHED_GETPARAM, unix.SYS_SCHED_GETSCHEDULER, unix.SYS_SCHED_GET_PRIORITY_MAX, unix.SYS_SCHED_GET_PRIORITY_MIN,
		// Signals, within the process.
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_RT_SIGPENDING, unix.SYS_RT_SIGSUSPEND,
		unix.SYS_SIGALTSTACK, unix.SYS_RESTART_SYSCALL,
		// Time.
		unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_GETTIMEOFDAY, unix.SYS_TIMES,
		unix.SYS_SETITIMER, unix.SYS_GETITIMER, unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_GETTIME, unix.SYS_TIMER_GETOVERRUN, unix.SYS_TIMER_DELETE,
		unix.SYS_TIMERFD_CREATE, unix.SYS_TIMERFD_SETTIME, unix.SYS_TIMERFD_GETTIME,
		// Descriptors that it has.
		unix.SYS_READV, unix.SYS_WRITEV, unix.SYS_PREAD64, unix.SYS_PWRITE64, unix.SYS_PREADV, unix.SYS_PWRITEV, unix.SYS_PREADV2, unix.SYS_PWRITEV2,
		unix.SYS_LSEEK, unix.SYS_FSTAT, unix.SYS_CLOSE, unix.SYS_CLOSE_RANGE, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_FSYNC, unix.SYS_FDATASYNC,
		unix.SYS_PIPE2, unix.SYS_EVENTFD2, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT2, unix.SYS_PPOLL, unix.SYS_PSELECT6,
		unix.SYS_SHUTDOWN, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME, unix.SYS_RECVFROM, unix.SYS_RECVMSG,
		// What it is itself.
		unix.SYS_GETPID, unix.SYS_GETPPID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID, unix.SYS_GETGROUPS,
		unix.SYS_GETRESUID, unix.SYS_GETRESGID, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRUSAGE, unix.SYS_GETRLIMIT, unix.SYS_GETCPU, unix.SYS_GETPRIORITY,
		unix.SYS_UMASK, unix.SYS_GETCWD, unix.SYS_GETRANDOM,
	}
}

// reading are the calls with which files are found and looked at; Landlock
// decides which are read. What they look like it cannot hide.
func reading() []uint32 {
	return []uint32{
		unix.SYS_NEWFSTATAT, unix.SYS_STATX, unix.SYS_READLINKAT, unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_GETDENTS64,
		unix.SYS_FADVISE64, unix.SYS_FLOCK, unix.SYS_FSTATFS, unix.SYS_COPY_FILE_RANGE,
	}
}

// writing are the calls that change files where Landlock decides which. It does
// not decide on modes, owners and times of files; so those stay as they are.
func writing() []uint32 {
	return []uint32{
		unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_SYMLINKAT, unix.SYS_LINKAT, unix.SYS_FTRUNCATE, unix.SYS_FALLOCATE,
	}
}

// starting are the calls with which a program is started and waited for, and
// those of most programs. A program cannot leave its process group, which ends
// with the daemon.
func starting() []uint32 {
	return []uint32{
		unix.SYS_EXECVE, unix.SYS_WAIT4, unix.SYS_WAITID, unix.SYS_KILL, unix.SYS_TGKILL, unix.SYS_TKILL, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL,
		unix.SYS_CHDIR, unix.SYS_FCHDIR, unix.SYS_GETPGID, unix.SYS_GETSID, unix.SYS_STATFS, unix.SYS_GETXATTR, unix.SYS_LGETXATTR,
	}
}

// unreasonable are the calls that no function has a reason for: they change the
// system, look into other processes, or are known for holes. They end the
// worker even if Strict is not set.
func unreasonable() []uint32 {
	return append([]uint32{
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KCMP, unix.SYS_PIDFD_GETFD, unix.SYS_PROCESS_MADVISE, unix.SYS_MOVE_PAGES, unix.SYS_MIGRATE_PAGES,
		unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_SETNS,
		unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
		unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_QUOTACTL,
		unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD,
		unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL,
		unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT, unix.SYS_SYSLOG,
		unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX, unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME,
	}, oldUnreasonable()...)
}
