package link_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// TestMemoryHoles runs a worker process that frees random pages of the segment
// while frames travel, on a system that cannot replace them: with userfaultfd
// the daemon gets SIGBUS for each of them, as from a kernel with strict
// overcommit and full memory. Each time the link is found corrupt, without any
// other harm or leak.
//
// With the race detector the worker frees only pages of payloads; `make norace`
// runs the test without.
func TestMemoryHoles(t *testing.T) {
	maps, found := mappings(t), 0
	links := 12
	if raceDetector {
		links = 4
	}
	for range links {
		d, cmd := start(t, link.SharedMemory, link.Options{MaxPayload: 1 << 20}, "holes")
		var mu sync.Mutex
		var kept []byte
		answers, warm := make(chan struct{}, 1), make(chan struct{}, 1)
		ended := serve(d, func(f link.Frame) error {
			if f.Kind == wire.Pong {
				warm <- struct{}{}
				return nil
			}
			select {
			case answers <- struct{}{}:
			default:
			}
			if f.Call%2 == 0 { // a copy without a lock needs no AppendTo
				kept := append([]byte(nil), f.Payload...)
				_ = kept
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			var err error
			kept, err = f.AppendTo(kept[:0])
			return err
		})
		must(t, d.Send(wire.Header{Kind: wire.Request, Call: wire.CallID(9, 1)}, make([]byte, 200_000)))
		await(t, "an answer", answers)
		sigbus := refuseMissing(t)
		must(t, d.Send(wire.Header{Kind: wire.Ping}, nil)) // starts the punching
		var users sync.WaitGroup
		for k := range 3 {
			users.Go(func() {
				for gen := uint32(1); ; gen++ {
					call := wire.CallID(uint8(k), gen)
					if d.Send(wire.Header{Kind: wire.Request, Call: call, Timeout: 1}, make([]byte, k*60_000+64)) != nil {
						return
					}
					d.Poll(0, func() bool { return gen%3 == 0 })
					d.Revoke(call)
				}
			})
		}
		var err error
		select {
		case err = <-ended:
		case <-time.After(time.Second): // the hole has swallowed a record: both sides are idle
			d.Close()
			err = await(t, "Serve", ended)
		}
		switch {
		case errors.Is(err, link.ErrCorrupt):
			if strings.Contains(err.Error(), "is gone") {
				found++
			}
		case err != nil && err != io.EOF:
			t.Errorf("Serve: %v", err)
		}
		d.Close()
		within(t, "senders", users.Wait)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if sigbus != nil {
			_ = sigbus.Close()
		} else {
			found++ // SIGBUS is not available here; the test has still shown that nothing is harmed
		}
	}
	if found == 0 {
		t.Error("no link met a hole")
	}
	t.Logf("%d of %d links have met a hole", found, links)
	for end := time.Now().Add(guard); mappings(t) > maps; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d segments are still mapped, %d were before", mappings(t), maps)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refuseMissing makes each access to a missing page of a mapped segment a
// SIGBUS for this process. It returns nil if the system does not permit it.
func refuseMissing(t *testing.T) *os.File {
	t.Helper()
	const (
		userModeOnly       = 1
		apiVersion         = 0xaa
		featureMissingShm  = 1 << 5
		featureSIGBUS      = 1 << 7
		ioctlAPI           = 0xc018aa3f
		ioctlRegister      = 0xc020aa00
		registerForMissing = 1
	)
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|unix.O_NONBLOCK|userModeOnly, 0, 0)
	if errno != 0 {
		t.Logf("no SIGBUS: userfaultfd: %v", errno)
		return nil
	}
	f := os.NewFile(fd, "userfaultfd")
	api := [3]uint64{apiVersion, featureMissingShm | featureSIGBUS}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, ioctlAPI, uintptr(unsafe.Pointer(&api))); errno != 0 {
		t.Logf("no SIGBUS: userfaultfd: %v", errno)
		_ = f.Close()
		return nil
	}
	b, err := os.ReadFile("/proc/self/maps")
	must(t, err)
	for line := range strings.Lines(string(b)) {
		if !strings.Contains(line, "memfd:legion") {
			continue
		}
		var from, to uint64
		_, err := fmt.Sscanf(line, "%x-%x", &from, &to)
		must(t, err)
		reg := [4]uint64{from, to - from, registerForMissing}
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, ioctlRegister, uintptr(unsafe.Pointer(&reg))); errno != 0 {
			t.Fatalf("userfaultfd: register %s: %v", line, errno)
		}
	}
	return f
}

// punchHoles frees pages of the segment behind f, forever.
func punchHoles(f *os.File) {
	mem, err := shm.Map(f)
	if err != nil {
		panic(err)
	}
	const page = 4096
	g := ring.Geometry{Cells: int(binary.LittleEndian.Uint32(mem[12:])), Bulk: int(binary.LittleEndian.Uint32(mem[16:]))}
	size := (g.Size() + page - 1) / page * page
	for n := 0; ; n++ {
		from := len(mem) - size*(1+rand.IntN(2)) // one of the rings
		at := from + rand.IntN(size/page)*page
		switch {
		case raceDetector: // a page of payloads
			at = (from + g.BulkAt() + page - 1 + rand.IntN(g.Bulk-page)) / page * page
		case n%4 == 0: // its header
			at = from
		case n%8 == 1:
			at = (1 + rand.IntN(4)) * page // the marks
		case n%2 == 1: // its first cells
			at = from + rand.IntN(16)*page
		}
		if n%2 == 0 {
			err = unix.Madvise(mem[at:at+page], unix.MADV_REMOVE)
		} else {
			err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(at), page)
		}
		if err != nil {
			panic(err)
		}
		time.Sleep(20 * time.Microsecond)
	}
}
