package proc

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ground is where a child tries to escape: a folder with r, w, s and other in
// it, each with a file f, and a port of the test.
type ground struct {
	dir    string
	port   int
	daemon int

	folder int      // what its setup keeps: the folder s,
	file   *os.File // a file,
	conn   net.Conn // a connection
	late   chan struct{}
	result chan error
}

func (g *ground) String() string { return g.dir + "\n" + strconv.Itoa(g.port) }

// attempts are what a child tries after the seal, each with its name.
func (g *ground) attempts() []attempt {
	list := append(g.atFiles(), g.atSockets()...)
	return append(append(list, g.atProcesses()...), g.atMemory()...)
}

type attempt struct {
	name string
	try  func() error
}

func open(path string, flags int) func() error {
	return func() error {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0o600)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
}

func (g *ground) atFiles() []attempt {
	in := func(parts ...string) string { return filepath.Join(append([]string{g.dir}, parts...)...) }
	daemon := "/proc/" + strconv.Itoa(g.daemon)
	return []attempt{
		{"read r", open(in("r", "f"), unix.O_RDONLY)},
		{"write r", open(in("r", "f"), unix.O_WRONLY)},
		{"empty r", open(in("r", "f"), unix.O_RDONLY|unix.O_TRUNC)},
		{"read w", open(in("w", "f"), unix.O_RDONLY)},
		{"make in w", open(in("w", "new"), unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)},
		{"set-uid in w", func() error {
			fd, err := unix.Open(in("w", "root"), unix.O_WRONLY|unix.O_CREAT|unix.O_CLOEXEC, 0o4755)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}},
		{"folder in w", func() error { return unix.Mkdirat(unix.AT_FDCWD, in("w", "folder"), 0o700) }},
		{"remove in w", func() error { return unix.Unlinkat(unix.AT_FDCWD, in("w", "new"), 0) }},
		{"chmod in w", func() error { return unix.Fchmodat(unix.AT_FDCWD, in("w", "f"), 0o777, 0) }},
		{"read s", open(in("s", "f"), unix.O_RDONLY)},
		{"passwd", open("/etc/passwd", unix.O_RDONLY)},
		{"shadow", open("/etc/shadow", unix.O_RDONLY)},
		{"root", open("/", unix.O_RDONLY|unix.O_DIRECTORY)},
		{"stat", func() error { var st unix.Stat_t; return unix.Fstatat(unix.AT_FDCWD, "/etc/passwd", &st, 0) }},
		{"make", open(in("other", "new"), unix.O_RDWR|unix.O_CREAT)},
		{"symlink", func() error { return unix.Symlinkat("x", unix.AT_FDCWD, in("other", "link")) }},
		{"rename", func() error { return unix.Renameat(unix.AT_FDCWD, in("other", "f"), unix.AT_FDCWD, in("other", "g")) }},
		{"move to w", func() error { return unix.Renameat(unix.AT_FDCWD, in("other", "f"), unix.AT_FDCWD, in("w", "stolen")) }},
		{"chmod", func() error { return unix.Fchmodat(unix.AT_FDCWD, in("other", "f"), 0o777, 0) }},
		{"utimes", func() error { return unix.UtimesNanoAt(unix.AT_FDCWD, in("other", "f"), make([]unix.Timespec, 2), 0) }},
		{"truncate", func() error { return unix.Truncate(in("other", "f"), 0) }},
		{"xattr", func() error { return unix.Setxattr(in("other", "f"), "user.x", nil, 0) }},
		{"through a link", func() error {
			if err := unix.Symlinkat("/etc/passwd", unix.AT_FDCWD, in("w", "link")); err != nil {
				return err
			}
			return open(in("w", "link"), unix.O_RDONLY)()
		}},
		{"hard link", func() error { return unix.Linkat(unix.AT_FDCWD, in("other", "f"), unix.AT_FDCWD, in("w", "hard"), 0) }},
		{"dots", open(in("w")+"/../other/f", unix.O_RDONLY)},
		{"proc root", open("/proc/self/root/etc/passwd", unix.O_RDONLY)},
		{"proc fd", func() error { return open("/proc/self/fd/"+strconv.Itoa(int(g.file.Fd())), unix.O_RDONLY)() }},
		{"own program", open("/proc/self/exe", unix.O_RDONLY)},
		{"proc environ", open("/proc/self/environ", unix.O_RDONLY)},
		{"kept folder", func() error {
			fd, err := unix.Openat(g.folder, "f", unix.O_RDONLY|unix.O_CLOEXEC, 0)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}},
		{"kept file", func() error { _, err := g.file.ReadAt(make([]byte, 1), 0); return err }},
		{"by handle", func() error { _, _, err := unix.NameToHandleAt(unix.AT_FDCWD, "/etc/passwd", 0); return err }},
		{"daemon mem", open(daemon+"/mem", unix.O_RDWR)},
		{"daemon environ", open(daemon+"/environ", unix.O_RDONLY)},
		{"daemon fd", open(daemon+"/fd", unix.O_RDONLY)},
		{"daemon cmdline", open(daemon+"/cmdline", unix.O_RDONLY)},
		{"goroutine of the setup", func() error { close(g.late); return <-g.result }},
	}
}

func socket(family, kind, protocol int) func() error {
	return func() error {
		fd, err := unix.Socket(family, kind|unix.SOCK_CLOEXEC, protocol)
		if err == nil {
			unix.Close(fd)
		}
		return err
	}
}

func (g *ground) atSockets() []attempt {
	to := func(port int, do func(fd int, a *unix.SockaddrInet4) error) func() error {
		return func() error {
			fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			return do(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
		}
	}
	connect := func(fd int, a *unix.SockaddrInet4) error { return unix.Connect(fd, a) }
	const mptcp = 262
	return []attempt{
		{"kept connection", func() error {
			if _, err := g.conn.Write([]byte("x")); err != nil {
				return err
			}
			_, err := g.conn.Read(make([]byte, 1))
			return err
		}},
		{"connect", to(g.port, connect)},
		{"connect elsewhere", to(1, connect)},
		{"fast open elsewhere", to(1, func(fd int, a *unix.SockaddrInet4) error { return unix.Sendto(fd, []byte("x"), unix.MSG_FASTOPEN, a) })},
		{"listen", to(0, func(fd int, a *unix.SockaddrInet4) error {
			if err := unix.Bind(fd, a); err != nil {
				return err
			}
			return unix.Listen(fd, 1)
		})},
		{"listen unbound", to(0, func(fd int, _ *unix.SockaddrInet4) error { return unix.Listen(fd, 1) })},
		{"udp", socket(unix.AF_INET, unix.SOCK_DGRAM, 0)},
		{"unix", socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)},
		{"mptcp", socket(unix.AF_INET, unix.SOCK_STREAM, mptcp)},
		{"sctp", socket(unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP)},
		{"raw", socket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)},
		{"netlink", socket(unix.AF_NETLINK, unix.SOCK_RAW, 0)},
		{"packet", socket(unix.AF_PACKET, unix.SOCK_RAW, 0)},
		{"vsock", socket(unix.AF_VSOCK, unix.SOCK_STREAM, 0)},
		{"alg", socket(unix.AF_ALG, unix.SOCK_SEQPACKET, 0)},
	}
}

func (g *ground) atProcesses() []attempt {
	call := func(number uintptr, args ...uintptr) func() error {
		var a [6]uintptr
		copy(a[:], args)
		return func() error {
			_, _, err := unix.Syscall6(number, a[0], a[1], a[2], a[3], a[4], a[5])
			return errOrNil(err)
		}
	}
	pid := uintptr(g.daemon)
	memory := uintptr(unsafe.Pointer(&scratch))
	exec := func(path string) func() error { // fails with EFAULT if it is allowed
		return func() error { return call(unix.SYS_EXECVE, uintptr(unsafe.Pointer(bytePtr(path))), 1)() }
	}
	return []attempt{
		{"signal to itself", func() error { return unix.Kill(os.Getpid(), 0) }},
		{"kill", call(unix.SYS_KILL, pid, 0)},
		{"kill all", call(unix.SYS_KILL, ^uintptr(0), 0)},
		{"kill the group", call(unix.SYS_KILL, -pid, 0)},
		{"tgkill", call(unix.SYS_TGKILL, pid, pid, 0)},
		{"tkill", call(unix.SYS_TKILL, pid, 0)},
		{"sigqueue", call(unix.SYS_RT_SIGQUEUEINFO, pid, 10, memory)},
		{"pidfd", call(unix.SYS_PIDFD_OPEN, pid)},
		{"signal by pidfd", func() error {
			fd, err := unix.PidfdOpen(g.daemon, 0)
			if err != nil {
				return err
			}
			defer unix.Close(fd)
			return unix.PidfdSendSignal(fd, 0, nil, 0)
		}},
		{"signal at an event", func() error {
			var p [2]int
			if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
				return err
			}
			_, err := unix.FcntlInt(uintptr(p[0]), unix.F_SETOWN, g.daemon)
			return err
		}},
		{"which signal", func() error { _, err := unix.FcntlInt(0, unix.F_SETSIG, 9); return err }},
		{"asynchronous", func() error { _, err := unix.FcntlInt(0, unix.F_SETFL, unix.O_ASYNC); return err }},
		{"owner by ioctl", func() error { return unix.IoctlSetPointerInt(0, 0x8901, g.daemon) }},
		{"prlimit", call(unix.SYS_PRLIMIT64, pid, unix.RLIMIT_NOFILE, 0, memory)},
		{"own prlimit", call(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_CORE, memory)},
		{"setpriority", call(unix.SYS_SETPRIORITY, 0, pid, 19)},
		{"affinity", call(unix.SYS_SCHED_SETAFFINITY, pid, 128, memory)},
		{"leave the group", call(unix.SYS_SETSID)},
		{"fork", func() error {
			n, _, err := unix.RawSyscall(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0)
			if n == 0 && err == 0 {
				unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
			}
			return errOrNil(err)
		}},
		{"clone3", call(unix.SYS_CLONE3, 0, 0)},
		{"start", func() error {
			p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
			if err == nil {
				var s *os.ProcessState
				if s, err = p.Wait(); err == nil && !s.Success() {
					err = errors.New(s.String())
				}
			}
			return err
		}},
		{"exec", exec("/nothing")},
		{"exec itself", exec("/proc/self/exe")},
		{"io_uring", call(unix.SYS_IO_URING_SETUP, 1, memory)},
		{"memfd", call(unix.SYS_MEMFD_CREATE, memory, 0)},
		{"timers", manyTimers},
	}
}

func (g *ground) atMemory() []attempt {
	return []attempt{
		{"executable memory", func() error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_PRIVATE|unix.MAP_ANON)
			return err
		}},
		{"made executable", func() error {
			b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
			if err != nil {
				return err
			}
			return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
		}},
		{"lock memory", func() error { return unix.Mlockall(unix.MCL_CURRENT) }},
	}
}

// manyTimers makes more timers than a sandbox allows, and keeps them.
func manyTimers() error {
	for range 3000 {
		if _, _, err := unix.Syscall(unix.SYS_TIMER_CREATE, unix.CLOCK_MONOTONIC, 0, uintptr(unsafe.Pointer(&scratch))); err != 0 {
			return err
		}
	}
	return nil
}

// scratch is memory for the kernel to read or write.
var scratch [128]byte

func errOrNil(e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}

func bytePtr(s string) *byte { p, _ := unix.BytePtrFromString(s); return p }

// setup takes what the setup of a worker may keep. Its goroutine goes on after
// the seal.
func (g *ground) setup(c *Child) {
	var err error
	if len(c.Sandbox.Setup) > 0 {
		g.folder, err = unix.Open(filepath.Join(g.dir, "s"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		check(err)
		g.file, err = os.Open(filepath.Join(g.dir, "s", "f"))
	} else {
		g.folder = -1
		g.file, err = os.Open("/dev/zero")
	}
	check(err)
	if len(c.Sandbox.Setup) > 0 {
		_, err = os.ReadFile("/etc/passwd")
		fmt.Printf("setup passwd=%s\n", result(err))
	}
	g.conn, err = net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(g.port))
	check(err)
	g.late, g.result = make(chan struct{}), make(chan error)
	go func() {
		runtime.LockOSThread()
		<-g.late
		g.result <- open("/etc/passwd", unix.O_RDONLY)()
	}()
}

// result is the name of the error of a call, or "done".
func result(err error) string {
	var e unix.Errno
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &e):
		return unix.ErrnoName(e)
	}
	return err.Error()
}

func init() {
	childParts["escape"] = func(c *Child) {
		dir, port, _ := strings.Cut(c.Purpose.Daemon, "\n")
		g := &ground{dir: dir, daemon: c.Parent}
		g.port, _ = strconv.Atoi(port)
		g.setup(c)
		report, err := Seal()
		check(err)
		fmt.Printf("held=%q\n", report.Held)
		for _, a := range g.attempts() {
			fmt.Printf("%s=%s\n", a.name, result(a.try()))
		}
		fmt.Println("end=yes")
	}
}

// newGround makes a ground, with a server at its port that echoes.
func newGround(t *testing.T) *ground {
	t.Helper()
	g := &ground{dir: t.TempDir(), daemon: os.Getpid()}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for path := g.dir; path != os.TempDir() && path != "/"; path = filepath.Dir(path) {
		check(os.Chmod(path, 0o755)) // for other users
	}
	for _, name := range []string{"r", "w", "s", "other"} {
		folder := filepath.Join(g.dir, name)
		check(os.Mkdir(folder, 0o777))
		check(os.Chmod(folder, 0o777))
		check(os.WriteFile(filepath.Join(folder, "f"), []byte("content"), 0o666))
		check(os.Chmod(filepath.Join(folder, "f"), 0o666))
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	check(err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	g.port = l.Addr().(*net.TCPAddr).Port
	return g
}
