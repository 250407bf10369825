package takeover

import (
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

func init() {
	parts["tell"] = playTell
	parts["serve"] = func() {
		h := Inherited()
		l, err := net.FileListener(h.File("listener"))
		check(err)
		check(h.Ready())
		for {
			c, err := l.Accept()
			check(err)
			fmt.Fprint(c, os.Getpid())
			c.Close()
		}
	}
}

// playTell reports everything about the process that the tests check.
func playTell() {
	h := Inherited()
	r := h.File("report")
	say(r, "pid", os.Getpid())
	say(r, "kind", h.Kind)
	say(r, "parent", h.Predecessor)
	say(r, "data", fmt.Sprint(len(h.Data), crc32.ChecksumIEEE(h.Data))) // the report is a pipe, too small for the data
	say(r, "names", fmt.Sprintf("%q", h.Names()))
	say(r, "again", h.File("report"))
	say(r, "other", h.File("other"))
	wd, _ := os.Getwd()
	say(r, "cwd", wd)
	say(r, "args", fmt.Sprintf("%q", os.Args))
	say(r, "env", fmt.Sprintf("%q", os.Environ()))
	sid, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
	say(r, "sid", sid)
	say(r, "pgid", syscall.Getpgrp())
	_, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	say(r, "tty", err)
	say(r, "umask", fmt.Sprintf("%#o", host.Umask(0o027)))
	say(r, "stdin", link(0))
	say(r, "stdout", link(1))
	check(h.Ready())
	say(r, "left", fmt.Sprintf("%q", h.Names()))
	say(r, "twice", h.Ready())
	<-h.Settled()
	say(r, "stderr", link(2))
	say(r, "umask now", fmt.Sprintf("%#o", host.Umask(0o077)))
	say(r, "fds", fmt.Sprintf("%q", descriptors()))
	for _, args := range [][]string{{"ls", "/proc/self/fd"}, {"env"}} {
		out, err := exec.Command(args[0], args[1:]...).Output()
		check(err)
		say(r, "grandchild's "+args[0], fmt.Sprintf("%q", out))
	}
	say(r, "said", true)
	stay()
}

func link(fd int) string {
	to, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	check(err)
	return to
}

func TestWhatIsHandedOver(t *testing.T) {
	leaks(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	var files [2]*os.File
	for i := range files {
		if files[i], err = os.Create(fmt.Sprintf("%s/%d", dir, i)); err != nil {
			t.Fatal(err)
		}
		defer files[i].Close()
	}
	data := strings.Repeat("\x00\xff\n=", MaxData/4)
	r := newReport(t)
	s := spec("tell", r)
	s.Args = []string{"name", "-x", ""}
	s.Dir, s.Data = dir, []byte(data)
	s.Kind = "any kind"
	s.Env = append(s.Env, markerName+"=1 2 3", "PWD="+dir)
	s.Stdout, s.Stderr = files[0], files[1]
	s.Files["dropped\n\x00"] = files[0]
	s.Files[""] = files[1]
	p := begin(t, s)
	for _, c := range [][2]string{
		{"kind", "any kind"}, {"parent", fmt.Sprint(os.Getpid())}, {"data", fmt.Sprint(len(data), crc32.ChecksumIEEE([]byte(data)))},
		{"names", `["" "dropped\n\x00"]`}, {"again", "<nil>"}, {"other", "<nil>"}, {"cwd", dir}, {"args", `["name" "-x" ""]`},
	} {
		if got := r.value(c[0]); got != c[1] {
			t.Errorf("%s: %.200s", c[0], got)
		}
	}
	if env := r.value("env"); strings.Contains(env, markerName) {
		t.Error(env)
	}
	if sid, pgid := r.value("sid"), r.value("pgid"); sid == fmt.Sprint(p.PID()) || pgid != fmt.Sprint(p.PID()) {
		t.Errorf("session %s, process group %s", sid, pgid)
	}
	if got := r.value("stdin"); got != link(0) {
		t.Error(got)
	}
	if got := r.value("stdout"); got != dir+"/0" {
		t.Error(got)
	}
	if got := r.value("left"); got != "[]" {
		t.Error(got)
	}
	contains(t, r.value("twice"), "told already")
	if got := r.value("stderr"); got != dir+"/1" {
		t.Error(got)
	}
	// Of the inherited descriptors only these are open: stdout and stderr, the
	// socket, the report (which is open here too), and perhaps the pipe.
	fds := r.value("fds")
	own, err := exec.Command("ls", "/proc/self/fd").Output() // descriptors that every child of this process has
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%q", descriptors())
	foreign := 0 // pipes that are not open in this process
	for _, fd := range strings.Split(strings.Trim(fds, `[]"`), `" "`) {
		if _, to, _ := strings.Cut(fd, " "); strings.HasPrefix(to, "pipe:") && !strings.Contains(all, to) {
			foreign++
		}
	}
	if strings.Count(fds, dir) != 2 || strings.Count(fds, "socket:") != 1 || foreign > 1 {
		t.Errorf("%s, and here: %s", fds, all)
	}
	if got := r.value("grandchild's ls"); got != fmt.Sprintf("%q", own) {
		t.Errorf("a grandchild has %s, a child has %q", got, own)
	}
	if env := r.value("grandchild's env"); strings.Contains(env, markerName) {
		t.Error(env)
	}
}

// Other children, started during handovers, inherit none of the descriptors.
func TestNothingLeaksIntoOthers(t *testing.T) {
	leaks(t)
	want, err := exec.Command("ls", "/proc/self/fd").Output()
	if err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if out, err := exec.Command("ls", "/proc/self/fd").Output(); err != nil || string(out) != string(want) {
					t.Errorf("%q, %v; not %q", out, err, want)
				}
			}
		})
	}
	for range 10 {
		p, err := Start(t.Context(), spec("hold", newReport(t)))
		if err != nil {
			t.Error(err)
			break
		}
		end(t, p)
	}
	close(stop)
	others.Wait()
}

func TestListenerIsHandedOver(t *testing.T) {
	leaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := spec("serve", newReport(t))
	s.Files["listener"] = f
	p := begin(t, s)
	// Both processes share the socket's blocking mode.
	conn, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	conn.Control(func(fd uintptr) {
		if flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0); flags&unix.O_NONBLOCK == 0 || err != nil {
			t.Errorf("the listener blocks now: %#x, %v", flags, err)
		}
	})
	l.Close()
	f.Close()
	for range 10 {
		if got := dial(t, l.Addr().String()); got != fmt.Sprint(p.PID()) {
			t.Errorf("%q answers", got)
		}
	}
}

// dial connects, sends nothing, and returns the server's answer.
func dial(t *testing.T, addr string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(hang))
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A lock is handed over without a moment at which another process could take
// it.
func TestLockIsHandedOver(t *testing.T) {
	leaks(t)
	path := filepath.Join(t.TempDir(), "lock")
	ours, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	other, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := syscall.Flock(int(ours.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EWOULDBLOCK {
				t.Errorf("the lock was free: %v", err)
				return
			}
			time.Sleep(50 * time.Microsecond)
		}
	})
	r := newReport(t)
	s := spec("lock", r)
	s.Files["lock"] = ours
	p := begin(t, s)
	ours.Close()
	r.value("locked")
	close(stop)
	watcher.Wait()
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != syscall.EWOULDBLOCK {
		t.Errorf("the lock is free: %v", err)
	}
	end(t, p)
	if err := syscall.Flock(int(other.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Errorf("the lock outlives the successor: %v", err)
	}
}

func init() {
	parts["lock"] = func() {
		h := Inherited()
		r, lock := h.File("report"), h.File("lock")
		check(h.Ready())
		<-h.Settled()
		say(r, "locked", lock.Fd())
		stay()
	}
}
