package unixsock

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// abandoned makes a socket at which no process answers.
func abandoned(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
}

func TestListenLikeNet(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "s"), filepath.Join(dir, "net")
	defer syscall.Umask(syscall.Umask(0o027))
	theirs, err := net.Listen("unix", other)
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	abandoned(t, path)
	l, err := Listen(t.Context(), path, Options{GID: -1})
	if err != nil {
		t.Fatal("a dead socket is in the way:", err)
	}
	here, _ := os.Lstat(path)
	there, _ := os.Lstat(other)
	if here.Mode() != there.Mode() || l.Addr().String() != path {
		t.Errorf("mode %v at %v, net.Listen makes %v", here.Mode(), l.Addr(), there.Mode())
	}
	if _, err := Listen(t.Context(), path, Options{GID: -1}); !errors.Is(err, ErrInUse) {
		t.Error("a living socket was not refused:", err)
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Error("it does not answer any more:", err)
	} else {
		conn.Close()
	}
	l.Close()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file stays:", err)
	}
}

// A relative path may start at the working directory.
func TestListenRelative(t *testing.T) {
	t.Chdir(t.TempDir())
	abandoned(t, "s")
	l, err := Listen(t.Context(), "s", Options{GID: -1})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := os.Lstat("s"); !errors.Is(err, os.ErrNotExist) {
		t.Error("the file stays:", err)
	}
}

func TestListenCanceled(t *testing.T) {
	dir := t.TempDir()
	unlock, err := lockFolder(t.Context(), dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Listen(ctx, filepath.Join(dir, "s"), Options{GID: -1}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a file to any group")
	}
	path := filepath.Join(t.TempDir(), "s")
	for _, gid := range []int{0, 1} {
		l, err := Listen(t.Context(), path, Options{Mode: 0o660, GID: gid})
		if err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || int(st.Gid) != gid || st.Mode&0o777 != 0o660 {
			t.Errorf("group %d, mode %#o, %v", st.Gid, st.Mode, err)
		}
		l.Close()
	}
}
