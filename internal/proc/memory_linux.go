package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// anonymous returns the resident private bytes: all resident bytes except those
// of files and shared memory.
func anonymous(pid int) (uint64, error) {
	s, err := statm(strconv.Itoa(pid))
	switch {
	case err != nil:
		return 0, err
	case s.resident == 0:
		return 0, os.ErrProcessDone // a zombie
	}
	return s.resident - min(s.shared, s.resident), nil // the kernel does not count both at the same moment
}

// sizes are the sizes of a process's memory, in bytes.
type sizes struct {
	resident uint64
	shared   uint64 // … of that: files and shared memory
	data     uint64 // private and writable, resident or not
}

// statm reads /proc/<pid>/statm; pid may be "self". It is a line of seven
// numbers, which takes one read: an os.File would also query the size, register
// with the poller and look for the end, which takes longer than the read.
func statm(pid string) (s sizes, err error) {
	file := "/proc/" + pid + "/statm"
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return s, &os.PathError{Op: "open", Path: file, Err: err}
	}
	defer unix.Close(fd)
	return readSizes(fd, file)
}

func readSizes(fd int, file string) (s sizes, err error) {
	var b [7 * 21]byte
	n, err := unix.Read(fd, b[:])
	if err != nil {
		return s, &os.PathError{Op: "read", Path: file, Err: err}
	}
	fields := strings.Fields(string(b[:n]))
	if len(fields) < 6 {
		return s, fmt.Errorf("%s has only %d fields", file, len(fields))
	}
	bytes := func(i int) uint64 { return number(fields[i]) * uint64(os.Getpagesize()) }
	return sizes{resident: bytes(1), shared: bytes(2), data: bytes(5)}, nil
}
