package shm

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const seals = unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL

// Create makes a segment of size bytes, all zero, and maps it. The file is for
// the other process, which passes it to Map; the mapping does not need it. name
// is for debugging only and appears in /proc/pid/maps. The memory of the given
// extents, or all of it if none is given, is allocated now: if memory is short,
// Create fails, and no later access to them can fail unless the other process
// frees them. Of an empty extent nothing is allocated. Allocate the rest with
// Populate.
func Create(name string, size int, now ...Extent) ([]byte, *os.File, error) {
	if err := Available(); err != nil {
		return nil, nil, err
	}
	f, err := MemoryFile(name)
	if err != nil {
		return nil, nil, err
	}
	mem, err := fill(int(f.Fd()), size, now)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("allocate a shared segment of %d bytes: %w", size, err)
	}
	return mem, f, nil
}

func fill(fd, size int, now []Extent) ([]byte, error) {
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, err
	}
	if len(now) == 0 {
		now = []Extent{{0, size}}
	}
	for _, e := range now {
		if e.From == e.To {
			continue
		}
		if err := retry(func() error { return unix.Fallocate(fd, 0, int64(e.From), int64(e.To-e.From)) }); err != nil {
			return nil, err
		}
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return mapFd(fd, size)
}

// Populate allocates the pages of mem, a part of a segment, so that no later
// access to them can fail. Kernels before 5.14 cannot do this, and allocate at
// the first access.
func Populate(mem []byte) error {
	const page = 4096
	if skew := int(uintptr(unsafe.Pointer(unsafe.SliceData(mem))) % page); skew != 0 {
		mem = mem[min(page-skew, len(mem)):]
	}
	if len(mem) == 0 {
		return nil
	}
	if err := retry(func() error { return unix.Madvise(mem, unix.MADV_POPULATE_WRITE) }); err != nil && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("allocate %d bytes of a shared segment: %w", len(mem), err)
	}
	return nil
}

// Remove frees the memory of mem, whole pages of a segment, for both processes.
// The next access, in either, finds zeros in new memory.
func Remove(mem []byte) error {
	if err := retry(func() error { return unix.Madvise(mem, unix.MADV_REMOVE) }); err != nil {
		return fmt.Errorf("free %d bytes of a shared segment: %w", len(mem), err)
	}
	return nil
}

// Map maps the whole of a segment that another process has made with Create. f
// stays open, but the mapping does not need it.
func Map(f *os.File) ([]byte, error) {
	fd := int(f.Fd())
	got, err := unix.FcntlInt(uintptr(fd), unix.F_GET_SEALS, 0)
	if err != nil {
		return nil, fmt.Errorf("map %s: not a memory file: %w", f.Name(), err)
	}
	if got&seals != seals {
		return nil, fmt.Errorf("map %s: size not sealed (%#x)", f.Name(), got)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, fmt.Errorf("map %s: %w", f.Name(), err)
	}
	if st.Size <= 0 || st.Size != int64(int(st.Size)) {
		return nil, fmt.Errorf("map %s: size %d", f.Name(), st.Size)
	}
	return mapFd(fd, int(st.Size))
}

func mapFd(fd, size int) ([]byte, error) {
	at, err := unix.MmapPtr(fd, 0, nil, uintptr(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	mem := unsafe.Slice((*byte)(at), size)
	// Keep it out of processes that the worker forks, and out of core dumps of the
	// daemon.
	unix.Madvise(mem, unix.MADV_DONTFORK)
	unix.Madvise(mem, unix.MADV_DONTDUMP)
	return mem, nil
}

// Unmap ends a mapping. No goroutine may access the memory during the call or
// later: that would be a SIGSEGV.
func Unmap(mem []byte) error {
	return unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(mem)), uintptr(len(mem)))
}

func retry(f func() error) error {
	for {
		if err := f(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
