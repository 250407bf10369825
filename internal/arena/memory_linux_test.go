package arena

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/shm"
)

// allocated returns the bytes of memory that a memory file has.
func allocated(t *testing.T, f *os.File) int {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return int(st.Blocks) * 512
}

func mappings(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "memfd:legion arena")
}

// Both ends over real memory: no memory before the first lease, and neither
// memory nor a mapping when the last one has ended.
func TestMemory(t *testing.T) {
	before := mappings(t)
	const size = 1 << 20
	d, file, err := New(256 << 20)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	w := Open(os.NewFile(uintptr(fd), "arena"))
	if n := mappings(t) - before; n != 1 || allocated(t, file) != 0 {
		t.Fatalf("%d mappings, %d bytes, before the first lease", n, allocated(t, file))
	}
	p := d.Take(size)
	if allocated(t, file) != size {
		t.Fatalf("a lease of %d bytes allocates %d", size, allocated(t, file))
	}
	p.Bytes[size-1] = 7
	at, _ := d.Offset(p)
	v, err := w.View(uint64(at), size)
	if err != nil || v.Bytes[size-1] != 7 {
		t.Fatal(err)
	}
	// The worker can take the memory away: the daemon finds zeros, in new memory.
	if err := shm.Remove(w.mem[:size]); err != nil {
		t.Fatal(err)
	}
	if p.Bytes[size-1] != 0 || allocated(t, file) != os.Getpagesize() {
		t.Errorf("%d, and %d bytes are allocated", p.Bytes[size-1], allocated(t, file))
	}
	r := w.Take(size)
	r.Bytes[3] = 5
	at, _ = w.Offset(r)
	c, err := d.Claim(uint64(at), 10, nil, nil)
	if err != nil || c.Bytes[3] != 5 {
		t.Fatal(err)
	}
	p.Release()
	for range 2 { // as the timer does
		d.rest()
	}
	if allocated(t, file) != size {
		t.Fatalf("%d bytes are left, want those of the result", allocated(t, file))
	}
	w.rest()
	w.rest()
	d.Close()
	if c.Bytes[3] != 5 || allocated(t, file) != os.Getpagesize() {
		t.Fatalf("%d bytes are left, want a page, of the claim", allocated(t, file))
	}
	c.Release()
	if n := mappings(t) - before; n != 1 { // w's
		t.Errorf("%d mappings are left", n)
	}
	if err := shm.Unmap(w.mem); err != nil {
		t.Fatal(err)
	}
	file.Close()
}

// Bytes that the worker has taken away, and the system cannot replace, are
// zeros in a copy; the process lives. (A file that is too short has the same
// effect; the arena's own cannot become so.)
func TestFault(t *testing.T) {
	file, err := shm.MemoryFile("legion arena test")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	page := os.Getpagesize()
	if err := file.Truncate(int64(page)); err != nil {
		t.Fatal(err)
	}
	mem, err := unix.Mmap(int(file.Fd()), 0, 4*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	a := &Arena{half: 2 * page, own: extent{0, 2 * page}, system: theSystem(), mem: mem}
	a.system.populate = func([]byte) error { return nil }
	a.begin()
	p := a.Take(2 * page)
	p.Bytes[0], p.Bytes[page-1] = 1, 2
	offset := func(buffer.Piece) (int, bool) { return 0, false }
	got := buffer.Pack(nil, []byte("body"), []buffer.Piece{p}, offset)
	if got = got[len(got)-2*page:]; len(got) != 2*page || got[2*page-1] != 0 {
		t.Errorf("%d bytes", len(got))
	}
	p.Release()
	a.system.populate = func(b []byte) error { b[2*page-1] = 1; return nil }
	a.rest()
	a.rest() // no page has memory any more
	if a.Take(2*page).Bytes != nil {
		t.Error("memory that cannot be had was lent")
	}
	a.Close()
	runtime.KeepAlive(file)
}
