package control

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// scarceListener fails this many times before it accepts, as it does without
// descriptors.
type scarceListener struct {
	net.Listener
	fail  syscall.Errno
	times atomic.Int32
}

func (l *scarceListener) Accept() (net.Conn, error) {
	if l.times.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "unix", Err: os.NewSyscallError("accept4", l.fail)}
	}
	return l.Listener.Accept()
}

// Without descriptors an idle connection is closed for others, and the server
// goes on; a listener that is broken ends it.
func TestNoDescriptors(t *testing.T) {
	f := serve(t, "", Options{})
	idle := f.dial(t)
	idle.call("echo", []any{1})
	a := Address{Network: "unix", Addr: filepath.Join(folder(t), "c.sock")}
	inner, err := Listen(t.Context(), a)
	must(t, err)
	l := &scarceListener{Listener: inner, fail: syscall.EMFILE}
	l.times.Store(3)
	served := make(chan error, 1)
	go func() { served <- f.Serve(l, a) }()
	if got := idle.rest(); !strings.Contains(got, "-32400") {
		t.Error(got)
	}
	c := f.dialAt(t, inner.Addr())
	if got := c.call("echo", []any{1}).result(); got != "1" || !strings.Contains(f.log.String(), "too many open files") {
		t.Error(got, f.log.String())
	}
	inner.Close()
	must(t, within(t, served))

	again, err := Listen(t.Context(), a)
	must(t, err)
	defer again.Close()
	broken := &scarceListener{Listener: again, fail: syscall.EINVAL}
	broken.times.Store(1)
	if err := f.Serve(broken, a); !errors.Is(err, syscall.EINVAL) || !strings.Contains(err.Error(), a.Addr) {
		t.Error(err)
	}
}
