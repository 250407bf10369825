package confine

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/legion-go/legion/sandbox"
)

func TestHint(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("socket", syscall.EPERM)}
	file := func(path string, errno syscall.Errno) error {
		return fmt.Errorf("my file: %w", &os.PathError{Op: "open", Path: path, Err: errno})
	}
	start := func(path string, errno syscall.Errno) error {
		return &os.PathError{Op: "fork/exec", Path: path, Err: errno}
	}
	programs := sandbox.Sandbox{Exec: true, Read: []string{"/bin"}, Write: []string{"/a"}}
	for _, c := range []struct {
		box  sandbox.Sandbox
		err  error
		want string // a part; "" for no hint
	}{
		{sandbox.Sandbox{}, dial, "allows no network (Sandbox.Network)"},
		{sandbox.Sandbox{Network: sandbox.TCP(443, 80)}, dial, "allows of the network only tcp:80,443 (Sandbox.Network)"},
		{sandbox.Sandbox{Network: sandbox.AnyNetwork}, dial, ""},
		{sandbox.Sandbox{}, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, ""},
		{sandbox.Sandbox{}, &net.DNSError{Name: "example.com", Err: "dial udp: socket: operation not permitted"}, "allows no lookup of names (Sandbox.Network)"},
		{sandbox.Sandbox{}, &net.DNSError{Name: "example.com", Err: "no such host"}, ""},
		{sandbox.Sandbox{}, file("/etc/shadow", syscall.EACCES), "does not name /etc/shadow (Sandbox.Read, Write)"},
		{sandbox.Sandbox{}, file("/etc/shadow", syscall.ENOENT), ""},
		{sandbox.Sandbox{Read: []string{"/etc"}}, file("/etc/../etc/shadow", syscall.EACCES), "not write it (Sandbox.Write)"},
		{sandbox.Sandbox{Read: []string{"/etc"}}, file("/etcetera", syscall.EACCES), "does not name /etcetera"},
		{sandbox.Sandbox{Write: []string{"/"}}, file("/etc/shadow", syscall.EACCES), ""},
		{sandbox.Sandbox{Write: []string{"/a/"}}, &os.LinkError{Op: "rename", Old: "/a/x", New: "/b", Err: syscall.EACCES}, "does not name /b"},
		{sandbox.Sandbox{Write: []string{"/a/"}}, &os.LinkError{Op: "rename", Old: "/b", New: "/a/x", Err: syscall.EXDEV}, ""},
		{sandbox.Sandbox{}, &exec.Error{Name: "true", Err: &os.PathError{Op: "fork/exec", Path: "/bin/true", Err: syscall.EPERM}}, "allows no other programs (Sandbox.Exec)"},
		{programs, start("/bin/true", syscall.EPERM), "without a process group"},
		{programs, start("/bin/true", syscall.EACCES), ""}, // the file's own mode
		{programs, start("/a/made", syscall.EACCES), "does not name /a/made among what may be started (Sandbox.Read)"},
		{sandbox.Sandbox{}, file("/tmp/x", syscall.EFBIG), "bounds the size of a file (Sandbox.FileSize)"},
		{sandbox.Sandbox{}, syscall.EPERM, "may be why"},
		{sandbox.Sandbox{}, errors.New("permission denied"), ""},
	} {
		if got := Hint(&c.box, c.err); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v of %+v: %q, not %q", c.err, c.box, got, c.want)
		}
	}
}

func TestHintSetup(t *testing.T) {
	denied := &os.PathError{Op: "open", Path: "/model", Err: syscall.EACCES}
	if got := HintSetup(&sandbox.Sandbox{Setup: []string{"/other"}}, denied); got != "does not name /model for the setup (Sandbox.Setup, Read or Write)" {
		t.Errorf("%q", got)
	}
	for _, s := range []sandbox.Sandbox{{Setup: []string{"/model"}}, {Read: []string{"/"}}} {
		if got := HintSetup(&s, denied); got != "" {
			t.Errorf("%+v: %q", s, got)
		}
	}
	if got := HintSetup(&sandbox.Sandbox{}, os.ErrNotExist); got != "" {
		t.Errorf("%q", got)
	}
}
