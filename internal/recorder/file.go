package recorder

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/shm"
)

const page = 4096

// Offsets of the numbers.
const (
	atWindow = 8 * iota
	atBytes
	atNumber
	atTrace
	atProfiles
	endOfNumbers
)

// File is the daemon's end.
type File struct {
	file    *os.File
	options Recorder
	number  uint64 // of the last snapshot that was asked for
}

// Missing returns why this system cannot record, nothing if it can.
func Missing(o Recorder) []string {
	if !On(o) {
		return nil
	}
	if err := shm.Available(); err != nil {
		return []string{fmt.Sprintf("Pool.Recorder needs a memory file: %v", err)}
	}
	return nil
}

// New makes a file, and a second descriptor of it for the worker.
func New(o Recorder) (*File, *os.File, error) {
	size := (page + traceRoom(o) + profileRoom + page - 1) / page * page
	mem, theirs, err := shm.Create("legion recorder", size, shm.Extent{})
	if err != nil {
		return nil, nil, fmt.Errorf("new recorder: %w", err)
	}
	binary.LittleEndian.PutUint64(mem[atWindow:], uint64(o.Window))
	binary.LittleEndian.PutUint64(mem[atBytes:], uint64(o.Bytes))
	err = shm.Unmap(mem)
	fd := -1
	if err == nil {
		fd, err = unix.FcntlInt(theirs.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	}
	if err != nil {
		_ = theirs.Close()
		return nil, nil, fmt.Errorf("new recorder: %w", err)
	}
	return &File{file: os.NewFile(uintptr(fd), theirs.Name()), options: o}, theirs, nil
}

// Next returns the number of the next snapshot.
func (f *File) Next() uint64 {
	f.number++
	return f.number
}

// Read returns what the worker has written for the last snapshot that it was
// asked for: a trace, and profiles one after the other. Both may be empty.
func (f *File) Read() (trace, profiles []byte) {
	var head [endOfNumbers]byte
	if _, err := f.file.ReadAt(head[:], 0); err != nil || f.number == 0 {
		return nil, nil
	}
	if binary.LittleEndian.Uint64(head[atNumber:]) != f.number {
		return nil, nil // it wrote nothing yet, or for an earlier one
	}
	room := traceRoom(f.options)
	trace = f.read(page, binary.LittleEndian.Uint64(head[atTrace:]), room)
	profiles = f.read(page+room, binary.LittleEndian.Uint64(head[atProfiles:]), profileRoom)
	return trace, profiles
}

// read reads n bytes, if there is room for so many.
func (f *File) read(at int, n uint64, room int) []byte {
	if n == 0 || n > uint64(room) {
		return nil
	}
	b := make([]byte, n)
	if _, err := f.file.ReadAt(b, int64(at)); err != nil {
		return nil
	}
	return b
}

// Close frees the file.
func (f *File) Close() error { return f.file.Close() }

// optionsIn reads the options back.
func optionsIn(mem []byte) Recorder {
	return Recorder{
		Window: time.Duration(binary.LittleEndian.Uint64(mem[atWindow:])),
		Bytes:  int(binary.LittleEndian.Uint64(mem[atBytes:])),
	}
}
