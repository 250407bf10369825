//go:build amd64 || arm64

package confine

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// run is what the kernel does with a filter: it returns what becomes of a call.
func run(t *testing.T, code []unix.SockFilter, arch, call uint32, args ...uint64) action {
	t.Helper()
	words := map[uint32]uint32{atNumber: call, atArch: arch}
	for i := range uint32(6) {
		words[atArgs+8*i], words[atArgs+8*i+4] = 0, 0
		if int(i) < len(args) {
			words[atArgs+8*i], words[atArgs+8*i+4] = uint32(args[i]), uint32(args[i]>>32)
		}
	}
	var a uint32
	for pc := 0; pc < len(code); pc++ {
		i := code[pc]
		jump := func(ok bool) {
			if pc += int(i.Jf); ok {
				pc += int(i.Jt) - int(i.Jf)
			}
		}
		switch i.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			w, ok := words[i.K]
			if !ok {
				t.Fatalf("%d: there is no word at %d", pc, i.K)
			}
			a = w
		case unix.BPF_ALU | unix.BPF_AND | unix.BPF_K:
			a &= i.K
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			jump(a == i.K)
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			jump(a >= i.K)
		case unix.BPF_RET | unix.BPF_K:
			return i.K
		default:
			t.Fatalf("%d: %+v", pc, i)
		}
	}
	t.Fatal("the filter has no end")
	return 0
}

const (
	allow  = unix.SECCOMP_RET_ALLOW
	trap   = unix.SECCOMP_RET_TRAP
	kill   = unix.SECCOMP_RET_KILL_PROCESS
	eperm  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	enosys = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

// Each rule about arguments, at its edges; above all in the high words.
func TestPolicy(t *testing.T) {
	const pid, high = 4711, 1 << 32
	locked, strict := sandbox.Sandbox{}, sandbox.Sandbox{Strict: true}
	reads, writes := sandbox.Sandbox{Read: []string{"/a"}}, sandbox.Sandbox{Write: []string{"/a"}}
	ports, any := sandbox.Sandbox{Network: sandbox.TCP(443)}, sandbox.Sandbox{Network: sandbox.AnyNetwork}
	exec, jit := sandbox.Sandbox{Read: []string{"/a"}, Exec: true}, sandbox.Sandbox{JIT: true}
	const thread = unix.CLONE_VM | unix.CLONE_FS | unix.CLONE_FILES | unix.CLONE_SIGHAND | unix.CLONE_THREAD | unix.CLONE_SYSVSEM
	for _, c := range []struct {
		box  sandbox.Sandbox
		call uint32
		args []uint64
		want action
	}{
		{locked, unix.SYS_READ, nil, allow},
		{locked, unix.SYS_EXECVE, nil, eperm},
		{strict, unix.SYS_EXECVE, nil, trap},
		{locked, unix.SYS_PTRACE, nil, trap},
		{locked, unix.SYS_CLONE3, nil, enosys},
		{strict, unix.SYS_CLONE3, nil, enosys},
		{locked, 5000, nil, enosys},
		{locked, unix.SYS_CLONE, []uint64{thread}, allow},
		{locked, unix.SYS_CLONE, []uint64{thread | unix.CLONE_SETTLS | unix.CLONE_PARENT_SETTID | unix.CLONE_CHILD_CLEARTID}, allow},
		{locked, unix.SYS_CLONE, []uint64{thread | unix.CLONE_NEWUSER}, eperm},
		{locked, unix.SYS_CLONE, []uint64{thread | unix.CLONE_NEWNET}, eperm},
		{locked, unix.SYS_CLONE, []uint64{thread | high}, eperm},
		{locked, unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, eperm},
		{exec, unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD)}, allow},
		{exec, unix.SYS_CLONE, []uint64{thread}, allow},
		{exec, unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD) | unix.CLONE_NEWPID}, eperm},
		{exec, unix.SYS_CLONE, []uint64{uint64(unix.SIGCHLD) | unix.CLONE_PARENT}, eperm},
		{exec, unix.SYS_EXECVE, nil, allow},
		{exec, unix.SYS_SCHED_SETAFFINITY, []uint64{pid}, eperm},
		{locked, unix.SYS_KILL, []uint64{pid, 9}, allow},
		{locked, unix.SYS_KILL, []uint64{pid + 1, 0}, eperm},
		{locked, unix.SYS_KILL, []uint64{0, 0}, eperm},
		{locked, unix.SYS_KILL, []uint64{1<<32 - pid, 0}, eperm},
		{locked, unix.SYS_TGKILL, []uint64{pid, 1, 9}, allow},
		{locked, unix.SYS_TGKILL, []uint64{1, pid, 9}, eperm},
		{locked, unix.SYS_PRCTL, []uint64{unix.PR_SET_NAME}, allow},
		{locked, unix.SYS_PRCTL, []uint64{unix.PR_SET_PDEATHSIG}, eperm},
		{exec, unix.SYS_PRCTL, []uint64{unix.PR_SET_PDEATHSIG}, allow},
		{locked, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_WRITE}, allow},
		{locked, unix.SYS_MMAP, []uint64{0, 4096, unix.PROT_READ | unix.PROT_EXEC}, eperm},
		{locked, unix.SYS_MPROTECT, []uint64{0, 4096, unix.PROT_EXEC}, eperm},
		{jit, unix.SYS_MPROTECT, []uint64{0, 4096, unix.PROT_EXEC}, allow},
		{locked, unix.SYS_FCNTL, []uint64{0, unix.F_GETFL}, allow},
		{locked, unix.SYS_FCNTL, []uint64{0, unix.F_SETFL, unix.O_NONBLOCK}, allow},
		{locked, unix.SYS_FCNTL, []uint64{0, unix.F_SETFL, unix.O_NONBLOCK | unix.O_ASYNC}, eperm},
		{locked, unix.SYS_FCNTL, []uint64{0, unix.F_SETOWN, pid}, eperm},
		{locked, unix.SYS_FCNTL, []uint64{0, unix.F_SETOWN_EX}, eperm},
		{locked, unix.SYS_FCNTL, []uint64{0, unix.F_SETSIG, 9}, eperm},
		{locked, unix.SYS_FCNTL, []uint64{0, unix.F_SETLEASE}, eperm},
		{locked, unix.SYS_IOCTL, []uint64{0, unix.TCGETS}, allow},
		{locked, unix.SYS_IOCTL, []uint64{0, unix.TIOCSTI}, eperm},
		{locked, unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_CORE}, allow},
		{locked, unix.SYS_PRLIMIT64, []uint64{0, unix.RLIMIT_CORE, high}, eperm},
		{locked, unix.SYS_PRLIMIT64, []uint64{1, unix.RLIMIT_CORE}, eperm},
		{locked, unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM}, eperm},
		{locked, unix.SYS_SENDTO, []uint64{5, 1, 1, 0, 0}, allow},
		{locked, unix.SYS_SENDTO, []uint64{5, 1, 1, 0, high}, eperm},
		{locked, unix.SYS_SENDTO, []uint64{5, 1, 1, unix.MSG_FASTOPEN, 0}, eperm},
		{locked, unix.SYS_SENDMSG, nil, eperm},
		{ports, unix.SYS_SENDMSG, nil, eperm},
		{ports, unix.SYS_CONNECT, nil, allow},
		{ports, unix.SYS_BIND, nil, eperm},
		{ports, unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK}, allow},
		{ports, unix.SYS_SOCKET, []uint64{unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP}, allow},
		{ports, unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_STREAM, 262}, eperm},
		{ports, unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_DGRAM}, eperm},
		{ports, unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_STREAM}, eperm},
		{any, unix.SYS_SOCKET, []uint64{unix.AF_UNIX, unix.SOCK_SEQPACKET}, allow},
		{any, unix.SYS_SOCKET, []uint64{unix.AF_INET, unix.SOCK_RAW}, eperm},
		{any, unix.SYS_SOCKET, []uint64{unix.AF_NETLINK, unix.SOCK_DGRAM}, eperm},
		{locked, unix.SYS_SETSOCKOPT, []uint64{3, unix.SOL_SOCKET, unix.SO_KEEPALIVE}, allow},
		{locked, unix.SYS_SETSOCKOPT, []uint64{3, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER}, eperm},
		{locked, unix.SYS_OPENAT, nil, eperm},
		{locked, unix.SYS_NEWFSTATAT, nil, eperm},
		{reads, unix.SYS_OPENAT, []uint64{0, 0, unix.O_CLOEXEC | unix.O_DIRECTORY}, allow},
		{reads, unix.SYS_OPENAT, []uint64{0, 0, unix.O_WRONLY}, eperm},
		{reads, unix.SYS_OPENAT, []uint64{0, 0, unix.O_RDWR}, eperm},
		{reads, unix.SYS_OPENAT, []uint64{0, 0, unix.O_TRUNC}, eperm},
		{reads, unix.SYS_OPENAT, []uint64{0, 0, unix.O_CREAT}, eperm},
		{reads, unix.SYS_OPENAT2, nil, enosys},
		{reads, unix.SYS_MKDIRAT, nil, eperm},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_WRONLY | unix.O_CREAT | unix.O_TRUNC}, allow},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_TRUNC}, eperm},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_WRONLY | unix.O_CREAT, 0o755}, allow},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_WRONLY | unix.O_CREAT, 0o4755}, eperm},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_CREAT, 0o2755}, eperm},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_RDWR | unix.O_TMPFILE, 0o4755}, eperm},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_RDWR | unix.O_TMPFILE, 0o600}, allow},
		{writes, unix.SYS_OPENAT, []uint64{0, 0, unix.O_RDWR | unix.O_DIRECTORY, 0o4755}, allow}, // no file is made, and the mode does not count
		{reads, unix.SYS_OPENAT, []uint64{0, 0, unix.O_TMPFILE}, eperm},
		{writes, unix.SYS_MKDIRAT, nil, allow},
		{writes, unix.SYS_FCHMODAT, nil, eperm},
		{writes, unix.SYS_TRUNCATE, nil, eperm}, // the version of Landlock is 2 here
		{locked, unix.SYS_SOCKET, []uint64{probeArg}, fails(probeErrno)},
		{reads, unix.SYS_OPENAT, []uint64{probeArg}, fails(probeErrno)},
	} {
		code := policy(&c.box, pid, 2)
		if got := run(t, code, architecture, c.call, c.args...); got != c.want {
			t.Errorf("call %d (%#x) in %+v: %#x, not %#x", c.call, c.args, c.box, got, c.want)
		}
		if got := run(t, code, architecture^1, c.call, c.args...); got != kill {
			t.Errorf("call %d of another architecture: %#x", c.call, got)
		}
		if got := run(t, code, architecture, c.call|x32, c.args...); hasX32 && got != kill {
			t.Errorf("call %d of x32: %#x", c.call, got)
		}
	}
}

// The list of the calls of each kind has none twice, and no call is of two
// kinds.
func TestListsOfCalls(t *testing.T) {
	full := sandbox.Sandbox{Read: []string{"/"}, Write: []string{"/"}, Network: sandbox.AnyNetwork, Exec: true}
	seen := map[uint32]string{}
	note := func(kind string, list []uint32) {
		for _, c := range list {
			if seen[c] != "" {
				t.Errorf("call %d is %s, and %s", c, seen[c], kind)
			}
			seen[c] = kind
		}
	}
	note("allowed", allowed(&full, 7))
	note("unreasonable", unreasonable())
	var ruled []uint32
	for _, r := range rules(&full, 1) {
		ruled = append(ruled, r.call)
	}
	note("ruled", ruled)
}
