package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/host"
)

// abandoned makes a socket at which no process answers any more.
func abandoned(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	must(t, err)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
}

func TestListen(t *testing.T) {
	checkLeaks(t)
	for name, c := range map[string]struct {
		query string
		mode  os.FileMode
		gid   int
		umask int
	}{
		"default":      {"", 0o600, os.Getgid(), 0},
		"mode":         {"?mode=0666", 0o666, os.Getgid(), 0o077},
		"group":        {"?group=1", 0o660, 1, 0o777},
		"narrow umask": {"?mode=0600", 0o600, os.Getgid(), 0o777},
	} {
		t.Run(name, func(t *testing.T) {
			if c.gid != os.Getgid() {
				needsRoot(t)
			}
			path := filepath.Join(folder(t), "c.sock")
			a, err := ParseAddress("unix://" + path + c.query)
			must(t, err)
			old := syscall.Umask(c.umask)
			l, err := Listen(t.Context(), a)
			syscall.Umask(old)
			must(t, err)
			info, err := os.Lstat(path)
			must(t, err)
			if st := info.Sys().(*syscall.Stat_t); info.Mode() != c.mode|os.ModeSocket || int(st.Gid) != c.gid {
				t.Errorf("%v, group %d", info.Mode(), st.Gid)
			}
			conn, err := net.Dial("unix", path)
			must(t, err)
			conn.Close()
			l.Close()
			if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
				t.Error("the file stays:", err)
			}
		})
	}
}

func TestListenReplacesDeadSockets(t *testing.T) {
	checkLeaks(t)
	path := filepath.Join(folder(t), "c.sock")
	abandoned(t, path)
	l, err := Listen(t.Context(), Address{Network: "unix", Addr: path})
	must(t, err)
	defer l.Close()
	_, err = Listen(t.Context(), Address{Network: "unix", Addr: path})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", os.Getpid())) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	// It still answers.
	conn, err := net.Dial("unix", path)
	must(t, err)
	conn.Close()
}

// A daemon so busy that no client can connect is not dead.
func TestListenLeavesTheBusyAlone(t *testing.T) {
	checkLeaks(t)
	path := filepath.Join(folder(t), "c.sock")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	defer unix.Close(fd)
	must(t, unix.Bind(fd, &unix.SockaddrUnix{Name: path}))
	must(t, unix.Listen(fd, 0))
	for range 3 {
		c, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		must(t, err)
		defer unix.Close(c)
		must(t, unix.SetNonblock(c, true))
		_ = unix.Connect(c, &unix.SockaddrUnix{Name: path})
	}
	if _, err = Listen(t.Context(), Address{Network: "unix", Addr: path}); !errors.Is(err, ErrInUse) {
		t.Error(err)
	}
}

func TestListenRefuses(t *testing.T) {
	checkLeaks(t)
	for name, c := range map[string]struct {
		make func(path string) error
		says string
	}{
		"a file":             {func(path string) error { return os.WriteFile(path, []byte("precious"), 0o600) }, "not a socket"},
		"a folder":           {func(path string) error { return os.Mkdir(path, 0o700) }, "not a socket"},
		"a named pipe":       {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "not a socket"},
		"a link":             {func(path string) error { abandoned(t, path+"2"); return os.Symlink(path+"2", path) }, "symbolic link"},
		"a link to nothing":  {func(path string) error { return os.Symlink(path+"2", path) }, "symbolic link"},
		"another user's":     {func(path string) error { return strange(t, path) }, "user 12345"},
		"a folder for all":   {func(path string) error { return os.Chmod(filepath.Dir(path), 0o777) }, "chmod"},
		"no folder":          {func(path string) error { return os.Remove(filepath.Dir(path)) }, "no such file"},
		"another kind of it": {func(path string) error { return datagram(t, path) }, "asking whether a process answers"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "another user's" {
				needsRoot(t)
			}
			path := filepath.Join(folder(t), "sub", "c.sock")
			must(t, os.Mkdir(filepath.Dir(path), 0o700))
			must(t, c.make(path))
			before, _ := os.Lstat(path)
			l, err := Listen(t.Context(), Address{Network: "unix", Addr: path})
			if err == nil {
				l.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Error(err)
			}
			if c.says != "no such file" && c.says[0] != 'a' && !errors.Is(err, host.ErrUnsafe) {
				t.Error(err)
			}
			if after, _ := os.Lstat(path); before != nil && (after == nil || !os.SameFile(before, after)) {
				t.Error("it was changed")
			}
		})
	}
	for _, a := range []Address{{Network: "unix"}, {}, {Network: "unix", Addr: "/" + long}, {Network: "unix", Addr: filepath.Join(folder(t), "x"), Group: "no such group"}} {
		if l, err := Listen(t.Context(), a); err == nil {
			l.Close()
			t.Error(a, "can be listened at")
		}
	}
}

// strange leaves a user's dead socket in the folder of yet another one.
func strange(t *testing.T, path string) error {
	t.Helper()
	abandoned(t, path)
	return errors.Join(os.Chown(path, 12345, 12345), os.Chown(filepath.Dir(path), 12346, 12346))
}

func datagram(t *testing.T, path string) error {
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		t.Cleanup(func() { conn.Close() })
	}
	return err
}

// A daemon that root starts and that becomes another user leaves that user's
// socket in that user's folder.
func TestListenAfterTheDaemonsUser(t *testing.T) {
	needsRoot(t)
	dir := folder(t)
	path := filepath.Join(dir, "c.sock")
	abandoned(t, path)
	must(t, os.Chown(path, 12345, 12345))
	a := Address{Network: "unix", Addr: path}
	l, err := Listen(t.Context(), a) // in root's folder
	must(t, err)
	must(t, l.Close())
	abandoned(t, path)
	must(t, os.Chown(path, 12345, 12345))
	must(t, os.Chown(dir, 12345, 12345))
	l, err = Listen(t.Context(), a) // and in the user's own
	must(t, err)
	defer l.Close()
	must(t, own(a, 12345, 12346))
	info, err := os.Lstat(path)
	must(t, err)
	if st := info.Sys().(*syscall.Stat_t); st.Uid != 12345 || st.Gid != 12346 {
		t.Error(st.Uid, st.Gid)
	}
	must(t, own(Address{Network: "unix", Addr: path, Group: "1"}, 12345, 99))
	if info, _ := os.Lstat(path); info.Sys().(*syscall.Stat_t).Gid != 12346 {
		t.Error("the group of the address was taken away")
	}
}

// Many that start at the same time over a dead socket: one gets the address,
// and keeps it.
func TestListenRace(t *testing.T) {
	checkLeaks(t)
	for range 3 {
		path := filepath.Join(folder(t), "c.sock")
		abandoned(t, path)
		var all sync.WaitGroup
		var won atomic.Int32
		for range 8 {
			all.Go(func() {
				l, err := Listen(t.Context(), Address{Network: "unix", Addr: path})
				if err == nil {
					won.Add(1)
					t.Cleanup(func() { l.Close() })
				} else if !errors.Is(err, ErrInUse) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		conn, err := net.Dial("unix", path)
		if err != nil || won.Load() != 1 {
			t.Fatal(won.Load(), err)
		}
		conn.Close()
	}
}

// The next process of an upgrade goes on with the same socket.
func TestServeInherited(t *testing.T) {
	checkLeaks(t)
	f := serve(t, "", Options{})
	l, err := net.Dial("unix", f.path)
	must(t, err)
	l.Close()
	a := Address{Network: "unix", Addr: filepath.Join(folder(t), "c.sock")}
	old, err := Listen(t.Context(), a)
	must(t, err)
	file, err := old.(*net.UnixListener).File()
	must(t, err)
	old.(*net.UnixListener).SetUnlinkOnClose(false)
	old.Close()
	inherited, err := net.FileListener(file)
	must(t, err)
	file.Close()
	served := make(chan error, 1)
	go func() { served <- f.Serve(inherited, a) }()
	conn, err := net.Dial("unix", a.Addr)
	must(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET /healthz HTTP/1.0\r\n\r\n"))
	must(t, err)
	if n, err := conn.Read(make([]byte, 1000)); n == 0 || err != nil {
		t.Error(n, err)
	}
	inherited.Close()
	must(t, within(t, served))
}
