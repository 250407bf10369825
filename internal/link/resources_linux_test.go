package link_test

import (
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

func descriptors(t *testing.T) []int {
	t.Helper()
	if r, w, err := os.Pipe(); err == nil { // the runtime's own are there then
		r.Close()
		w.Close()
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	var fds []int
	for _, e := range entries {
		n, _ := strconv.Atoi(e.Name())
		if _, err := unix.FcntlInt(uintptr(n), unix.F_GETFD, 0); err == nil { // not the descriptor of the listing itself
			fds = append(fds, n)
		}
	}
	return fds
}

func mappings(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(b), "memfd:legion")
}

func TestNothingIsLeftBehind(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		settle := func() (int, int, int) {
			return len(descriptors(t)), mappings(t), runtime.NumGoroutine()
		}
		fds, maps, routines := settle()
		for range 20 {
			d, files, err := link.New(tr, link.Options{})
			if err != nil {
				t.Fatal(err)
			}
			w, err := link.Open(tr, files, link.Options{})
			if err != nil {
				t.Fatal(err)
			}
			var ends []<-chan error
			for _, c := range []link.Conn{d, w} {
				ends = append(ends, serve(c, func(f link.Frame) error { return nil }))
			}
			d.Send(wire.Header{Kind: wire.Ping}, make([]byte, 300_000))
			d.Close()
			w.Close()
			for _, e := range ends {
				await(t, "Serve", e)
			}
		}
		deadline := time.Now().Add(guard)
		for {
			f, m, r := settle()
			if f == fds && m == maps && r <= routines {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("descriptors %d → %d, mappings %d → %d, goroutines %d → %d", fds, f, maps, m, routines, r)
			}
			runtime.Gosched()
		}
	})
}

func TestDescriptorsDoNotLeakIntoChildren(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		before := descriptors(t)
		_, files, err := link.New(tr, link.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files { // inherited files stay open on exec
			unix.FcntlInt(f.Fd(), unix.F_SETFD, 0)
		}
		if _, err := link.Open(tr, files, link.Options{}); err != nil {
			t.Fatal(err)
		}
		for _, fd := range descriptors(t) {
			if slices.Contains(before, fd) {
				continue
			}
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
				t.Errorf("descriptor %d would survive an exec", fd)
			}
		}
	})
}

func TestNothingIsAllocatedPerFrame(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		d, w := pair(t, tr, link.Options{})
		serve(w, func(f link.Frame) error {
			return w.Send(wire.Header{Kind: wire.Response, Call: f.Call}, f.Payload)
		})
		cl := newClient(d)
		for _, n := range []int{64, 4 << 10, 20 << 10} {
			p, dst := make([]byte, n), make([]byte, 0, n)
			if allocs := testing.AllocsPerRun(2000, func() {
				dst, _ = cl.call(p, dst)
			}); allocs != 0 {
				t.Errorf("%d bytes: %v allocations per call", n, allocs)
			}
		}
	})
}
