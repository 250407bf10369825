package shm_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/shm"
)

const (
	guard       = 30 * time.Second
	childMarker = "LEGION_SHM_TEST_CHILD"
)

func TestMain(m *testing.M) {
	if os.Getenv(childMarker) != "" {
		os.Unsetenv(childMarker)
		limited()
		return
	}
	os.Exit(m.Run())
}

// limited tries to make a segment without enough memory for it: the limit on
// the size of files applies to memory files too.
func limited() {
	unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	_, _, err := shm.Create("test", 4<<20)
	fmt.Println("small:", err)
	mem, f, err := shm.Create("test", 1<<19)
	if err == nil {
		for i := range mem {
			mem[i] = 1
		}
		f.Close()
	}
	fmt.Println("fits:", err)
}

func TestNoMemoryIsAnError(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childMarker+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the child died: %v\n%s", err, out)
	}
	if s := string(out); !strings.Contains(s, "small: allocate a shared segment of 4194304 bytes") || !strings.Contains(s, "fits: <nil>") {
		t.Fatalf("the child said:\n%s", s)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(d)
}

func TestSegmentIsSharedSealedAndAllocated(t *testing.T) {
	before := descriptors(t)
	const size = 1 << 20
	a, f, err := shm.Create("test", size)
	if err != nil {
		t.Fatal(err)
	}
	b, err := shm.Map(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != size || len(b) != size {
		t.Fatalf("mapped %d and %d bytes", len(a), len(b))
	}
	a[12345] = 7
	if b[12345] != 7 {
		t.Error("the two mappings differ")
	}
	fd := int(f.Fd())
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Blocks*512 < size {
		t.Errorf("%d bytes allocated of %d, %v", st.Blocks*512, size, err)
	}
	for _, n := range []int64{0, size - 1, size + 1} {
		if err := unix.Ftruncate(fd, n); !errors.Is(err, unix.EPERM) {
			t.Errorf("truncate to %d: %v", n, err)
		}
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_WRITE); !errors.Is(err, unix.EPERM) {
		t.Errorf("further seals: %v", err)
	}
	if flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); flags&unix.FD_CLOEXEC == 0 {
		t.Error("the file survives an exec")
	}
	f.Close()
	for _, mem := range [][]byte{a, b} {
		if err := shm.Unmap(mem); err != nil {
			t.Error(err)
		}
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, were %d", after, before)
	}
}

func TestMapRefuses(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := shm.Map(f); err == nil {
		t.Error("an ordinary file was mapped")
	}
	fd, err := unix.MemfdCreate("test", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	m := os.NewFile(uintptr(fd), "test")
	defer m.Close()
	unix.Ftruncate(fd, 4096)
	if _, err := shm.Map(m); err == nil || !strings.Contains(err.Error(), "not sealed") {
		t.Errorf("a file that can shrink was mapped: %v", err)
	}
}

func TestFutex(t *testing.T) {
	mem, f, err := shm.Create("test", 4096)
	if err != nil {
		t.Fatal(err)
	}
	defer shm.Unmap(mem)
	other, err := shm.Map(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer shm.Unmap(other)
	mine, theirs := word(mem), word(other)
	shm.FutexWait(mine, 1) // is 0: returns at once
	atomic.StoreUint32(mine, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for atomic.LoadUint32(mine) == 1 {
			shm.FutexWait(mine, 1)
		}
	}()
	atomic.StoreUint32(theirs, 0)
	shm.FutexWake(theirs)
	wait(t, done)
}

func bells(t *testing.T) (a, b *shm.Bell) {
	t.Helper()
	a, f, err := shm.Bells()
	if err != nil {
		t.Fatal(err)
	}
	b, err = shm.OpenBell(f)
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

func wait[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(guard):
		t.Fatal("nothing happened")
		panic("unreachable")
	}
}

func TestBell(t *testing.T) {
	before := descriptors(t)
	a, b := bells(t)
	rung := make(chan error)
	var waiter sync.WaitGroup
	waiter.Go(func() {
		for {
			err := b.Wait()
			rung <- err
			if err != nil {
				return
			}
		}
	})
	for range 100 {
		a.Ring()
		if err := wait(t, rung); err != nil {
			t.Fatal(err)
		}
		b.Kick()
		if err := wait(t, rung); err != nil {
			t.Fatal(err)
		}
	}
	a.Close()
	if err := wait(t, rung); err != io.EOF {
		t.Fatalf("after the other end was closed: %v", err)
	}
	waiter.Wait()
	b.Ring() // the other end is closed: no signal, no panic
	b.Close()
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, were %d", after, before)
	}
}

// TestRingNeverBlocks rings a bell whose other end is never read, after the
// peer has done what would make an eventfd block.
func TestRingNeverBlocks(t *testing.T) {
	a, files, err := shm.Bells()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for _, f := range files {
		defer f.Close()
		unix.SetNonblock(int(f.Fd()), false)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100_000 {
			a.Ring()
		}
	}()
	wait(t, done)
}
