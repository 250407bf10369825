package legion_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// as runs fn on a thread of another user and group, which ends with it.
func as(t *testing.T, uid, gid int, fn func() error) error {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		// The calls of package syscall would change all threads.
		_, _, e1 := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0)
		_, _, e2 := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid))
		_, _, e3 := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
		if e1|e2|e3 != 0 {
			done <- fmt.Errorf("becoming user %d: %v, %v, %v", uid, e1, e2, e3)
			return
		}
		done <- fn()
	}()
	return <-done
}

// askStatus asks for the status as HTTP does, without another thread's help.
func askStatus(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return err
	}
	_, err = unix.Write(fd, []byte(`{"jsonrpc":"2.0","id":1,"method":"daemon.status"}`+"\n"))
	b := make([]byte, 4096)
	n, rerr := unix.Read(fd, b)
	if err != nil || rerr != nil || !strings.Contains(string(b[:n]), `"state":"running"`) {
		return fmt.Errorf("%v, %v: %s", err, rerr, b[:n])
	}
	return nil
}

// Users with access by the mode of the socket and Config.Access reach it
// through a runtime folder that is the daemon's own; other users do not.
func TestControlSocketForOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root, to be other users")
	}
	for query, c := range map[string]struct {
		folder   os.FileMode
		uid, gid int // who gets there
		outsider int // a group whose members do not
	}{
		"?mode=0666":               {0o711, 65534, 65534, -1},
		"?mode=0660&group=65533":   {0o710, 65534, 65533, 65532},
		"?group=65533&mode=0660":   {0o710, 65534, 65533, 65532},
		"":                         {0o700, 0, 0, 65533},
		"?mode=0660":               {0o710, 65534, 0, 65532},
		"?mode=0660&group=no-such": {}, // see below
	} {
		t.Run(query, func(t *testing.T) {
			above, err := os.MkdirTemp("", "others") // t.TempDir lets no other user pass
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(above) })
			if err := os.Chmod(above, 0o711); err != nil {
				t.Fatal(err)
			}
			conf := quiet("others")
			conf.Control, conf.RuntimeDir = "unix:"+query, filepath.Join(above, "run")
			conf.Access = map[string]legion.Role{"uid:65534": legion.RoleRead}
			d := legion.New(conf)
			if c.folder == 0 {
				if err := d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such") {
					t.Error(err)
				}
				return
			}
			legiontest.Start(t, d)
			info, err := os.Stat(conf.RuntimeDir)
			if err != nil || info.Mode().Perm() != c.folder {
				t.Errorf("the folder has mode %v, %v", info.Mode(), err)
			}
			path := filepath.Join(conf.RuntimeDir, "control.sock")
			if err := as(t, c.uid, c.gid, func() error { return askStatus(path) }); err != nil {
				t.Error("who is let in does not get there:", err)
			}
			if c.outsider >= 0 {
				if err := as(t, 65534, c.outsider, func() error { return askStatus(path) }); err == nil {
					t.Error("who is not let in gets there")
				}
			}
		})
	}
}
