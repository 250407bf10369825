package share

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// value is one value in memory.
type value struct {
	file   *os.File // for the workers; nil in a worker
	mem    []byte   // read-only
	loaded time.Time
	use    atomic.Int32 // unused, lent or dropped
}

const (
	unused  int32 = iota
	lent          // somebody may have a slice of mem: it is never unmapped
	dropped       // mem is unmapped
)

// open makes a value of an inherited file, which it closes.
func open(f *os.File) (*value, error) {
	defer f.Close()
	return newValue(f)
}

// newValue maps the whole of a file.
func newValue(f *os.File) (*value, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if size == 0 { // nothing can be mapped
		return &value{mem: []byte{}}, nil
	}
	if size != int64(int(size)) {
		return nil, fmt.Errorf("%d bytes are more than this system can map", size)
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %d bytes: %w", size, os.NewSyscallError("mmap", err))
	}
	leaveOutOfDumps(mem)
	return &value{mem: mem}, nil
}

// lend reports whether mem may be used. Then it may be used for ever.
func (v *value) lend() bool {
	return v.use.Load() == lent || v.use.CompareAndSwap(unused, lent) || v.use.Load() == lent
}

// drop closes the file. It returns how many bytes stay in memory, because they
// are lent.
func (v *value) drop() (kept uint64) {
	v.file.Close()
	if !v.use.CompareAndSwap(unused, dropped) {
		return uint64(len(v.mem))
	}
	if len(v.mem) > 0 {
		unix.Munmap(v.mem)
	}
	return 0
}
