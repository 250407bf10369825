//go:build amd64 || arm64

package confine

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// A rule allows a system call if the conditions of one of its cases hold, and
// refuses it otherwise.
type rule struct {
	call  uint32
	cases [][]condition
}

// a case is a list of conditions.
func when(all ...condition) []condition { return all }

func on(call uint32, cases ...[]condition) rule { return rule{call, cases} }

// firstNew is the number of the first system call that all architectures
// number alike. Libraries try these, and do without them on a kernel that does
// not have them.
const firstNew = 424

// x32 is the bit that selects another set of system calls on amd64, of which
// some differ from those of the same number without it.
const x32 = 0x40000000

// The probe makes calls that no program makes, and the filter answers them as
// no kernel does: so they show that the filter is in force, without a forbidden
// call, which would end the process if Sandbox.Strict is set.
const (
	probeArg   = 0x1e610f // no address family, and no descriptor
	probeErrno = unix.EXFULL
)

// policy makes the filter for the functions of process pid, on a kernel with
// this version of Landlock (0: none).
func policy(s *sandbox.Sandbox, pid int, abi int) []unix.SockFilter {
	refused, hostile := fails(unix.EPERM), action(unix.SECCOMP_RET_TRAP)
	if s.Strict {
		refused = hostile
	}
	f := &filter{code: make([]unix.SockFilter, 0, 512)}
	f.load(atArch)
	f.unless(architecture, func() { f.end(unix.SECCOMP_RET_KILL_PROCESS) })
	f.load(atNumber)
	if hasX32 {
		f.when(unix.BPF_JGE, x32, func() { f.end(unix.SECCOMP_RET_KILL_PROCESS) })
	}
	for _, call := range []uint32{unix.SYS_SOCKET, unix.SYS_OPENAT} {
		f.when(unix.BPF_JEQ, call, func() {
			f.load(arg(0).at)
			f.whenOneOf([]uint32{probeArg}, fails(probeErrno))
			f.load(atNumber)
		})
	}
	for _, r := range rules(s, uint32(pid)) {
		f.when(unix.BPF_JEQ, r.call, func() {
			for _, c := range r.cases {
				f.allowIf(c)
			}
			f.end(refused)
		})
	}
	f.whenOneOf(allowed(s, abi), unix.SECCOMP_RET_ALLOW)
	f.whenOneOf(unreasonable(), hostile)
	f.when(unix.BPF_JGE, firstNew, func() { f.end(fails(unix.ENOSYS)) })
	f.end(refused)
	return f.code
}

// rules returns the calls whose arguments count.
func rules(s *sandbox.Sandbox, pid uint32) []rule {
	const spaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET
	const apart = spaces | unix.CLONE_PARENT
	thread := when(masked(0, apart|unix.CLONE_THREAD, unix.CLONE_THREAD), high0(0))
	list := []rule{
		on(unix.SYS_IOCTL, when(arg(1, unix.TCGETS, unix.TIOCGWINSZ, unix.TIOCINQ, fionbio, fioclex, fionclex))),
		on(unix.SYS_FCNTL,
			when(arg(1, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETLK, unix.F_SETLK, unix.F_SETLKW,
				unix.F_OFD_GETLK, unix.F_OFD_SETLK, unix.F_OFD_SETLKW, unix.F_GETPIPE_SZ, unix.F_GET_SEALS)),
			when(arg(1, unix.F_SETFL), without(2, unix.O_ASYNC))), // a signal at an event may go to another process
		on(unix.SYS_GETSOCKOPT, when(arg(1, unix.SOL_SOCKET, unix.IPPROTO_TCP, unix.IPPROTO_IP, unix.IPPROTO_IPV6))),
	}
	prctls := []uint32{unix.PR_SET_NAME, unix.PR_GET_NAME, unix.PR_SET_VMA, unix.PR_GET_SECCOMP}
	if s.Exec {
		// Signals reach only what is confined alike: see Landlock's scope.
		list = append(list, on(unix.SYS_CLONE, thread, when(without(0, apart), high0(0))),
			on(unix.SYS_SCHED_SETAFFINITY, when(arg(0, 0))),
			on(unix.SYS_PRLIMIT64, when(arg(0, 0), arg(1, unix.RLIMIT_NOFILE)), append(null(2), arg(0, 0))))
		prctls = append(prctls, unix.PR_SET_PDEATHSIG)
	} else {
		list = append(list, on(unix.SYS_CLONE, thread),
			on(unix.SYS_KILL, when(arg(0, pid))),
			on(unix.SYS_TGKILL, when(arg(0, pid))),
			on(unix.SYS_PRLIMIT64, append(null(2), arg(0, 0))))
	}
	list = append(list, on(unix.SYS_PRCTL, when(arg(0, prctls...))))
	if !s.JIT && !s.Exec {
		list = append(list,
			on(unix.SYS_MMAP, when(without(2, unix.PROT_EXEC))),
			on(unix.SYS_MPROTECT, when(without(2, unix.PROT_EXEC))))
	}
	if opensFiles(s) {
		list = append(list, openRules(s)...)
	}
	return append(list, socketRules(s)...)
}

// openRules allow opening files. Landlock decides which: here are the ways that
// it does not see. Its older versions let a file that may only be read be
// emptied when it is opened. And no version keeps a file from being made as one
// that runs with its owner's rights, which may be root's.
func openRules(s *sandbox.Sandbox) []rule {
	const (
		tmpFile = unix.O_TMPFILE &^ unix.O_DIRECTORY
		makes   = unix.O_CREAT | tmpFile
		changes = unix.O_WRONLY | unix.O_RDWR | unix.O_TRUNC | makes
		setID   = unix.S_ISUID | unix.S_ISGID
	)
	cases := func(flags uint32) [][]condition {
		if !writesFiles(s) {
			return [][]condition{when(without(flags, changes))}
		}
		whole, written := without(flags, unix.O_TRUNC), masked(flags, unix.O_ACCMODE, unix.O_WRONLY, unix.O_RDWR)
		made, mode := without(flags, makes), without(flags+1, setID) // only what is made has a mode
		return [][]condition{when(whole, made), when(written, made), when(whole, mode), when(written, mode)}
	}
	list := []rule{{unix.SYS_OPENAT, cases(2)}}
	if oldOpen != 0 {
		list = append(list, rule{oldOpen, cases(1)})
		if writesFiles(s) {
			list = append(list, on(oldCreat, when(without(1, setID))))
		}
	}
	return list
}

// socketRules allow what Network names, and the use of connections made before.
func socketRules(s *sandbox.Sandbox) []rule {
	if s.Network.Any() {
		const kind = 0xf // without flags
		return []rule{on(unix.SYS_SOCKET,
			when(arg(0, unix.AF_UNIX, unix.AF_INET, unix.AF_INET6), masked(1, kind, unix.SOCK_STREAM, unix.SOCK_DGRAM, unix.SOCK_SEQPACKET)))}
	}
	list := []rule{
		// Only to the peer of a connection: an address would be a way to others, and
		// so is connecting with the first bytes, which Landlock does not see.
		on(unix.SYS_SENDTO, append(null(4), without(3, unix.MSG_FASTOPEN))),
		on(unix.SYS_SETSOCKOPT,
			when(arg(1, unix.SOL_SOCKET), arg(2, unix.SO_BROADCAST, unix.SO_KEEPALIVE, unix.SO_LINGER, unix.SO_RCVBUF, unix.SO_SNDBUF, unix.SO_RCVTIMEO_OLD, unix.SO_SNDTIMEO_OLD, unix.SO_REUSEADDR)),
			when(arg(1, unix.IPPROTO_TCP), arg(2, unix.TCP_NODELAY, unix.TCP_KEEPIDLE, unix.TCP_KEEPINTVL, unix.TCP_KEEPCNT, unix.TCP_USER_TIMEOUT, unix.TCP_QUICKACK, unix.TCP_CORK)),
			when(arg(1, unix.IPPROTO_IPV6), arg(2, unix.IPV6_V6ONLY))),
	}
	if s.Network.Ports() != nil {
		const kind = 0xf
		list = append(list, on(unix.SYS_SOCKET,
			when(arg(0, unix.AF_INET, unix.AF_INET6), masked(1, kind, unix.SOCK_STREAM), arg(2, 0, unix.IPPROTO_TCP))))
	}
	return list
}

// install puts the filter into force on every thread. It cannot be taken back.
func install(code []unix.SockFilter) error {
	runtime.LockOSThread() // both calls are for the same thread
	defer runtime.UnlockOSThread()
	if err := noNewPrivileges(); err != nil {
		return err
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	if err := seccomp(unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, &program); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}
