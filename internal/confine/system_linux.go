//go:build amd64 || arm64

package confine

import (
	"errors"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// system is what the kernel and this program can do.
type system struct {
	abi     int  // version of Landlock; 0: none
	errata  int  // mended faults of Landlock, a bit for each
	seccomp bool // filters that cover all threads
	cgo     bool // the program has C in it: Go cannot make a call on all threads
}

// More versions of Landlock, and a fault of it.
const (
	abiRefer    = 2 // files may be moved between folders; Linux 5.19
	abiTruncate = 3 // emptying a file counts as writing; 6.2
	abiDevices  = 5 // ioctl of devices; 6.10

	// erratumSignals: threads of one process that were restricted one by one can
	// send each other signals, which Go needs.
	erratumSignals = 1 << 1
)

var looked struct {
	once sync.Once
	system
}

// look finds out about the system, once. Its cost is that of a call on all
// threads, and of three others.
func look() system {
	looked.once.Do(func() { looked.system = ask(callOnAll(unix.SYS_GETPID)) })
	return looked.system
}

// callOnAll reports what becomes of a system call that Go makes on all threads:
// ENOTSUP if the program has C in it.
func callOnAll(call uintptr, args ...uintptr) error {
	var a [5]uintptr
	copy(a[:], args)
	if _, _, err := syscall.AllThreadsSyscall6(call, a[0], a[1], a[2], a[3], a[4], 0); err != 0 {
		return err
	}
	return nil
}

// ask finds out about the system, given what became of a call on all threads.
func ask(onAll error) system {
	sys := system{abi: landlockABI(), cgo: errors.Is(onAll, syscall.ENOTSUP)}
	if sys.abi > 0 {
		if n, _, err := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_ERRATA); err == 0 {
			sys.errata = int(n)
		}
	}
	// A kernel that knows the flag looks for the filter, which is not there.
	err := seccomp(unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, nil)
	sys.seccomp = errors.Is(err, unix.EFAULT)
	return sys
}

func landlockABI() int {
	n, _, err := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if err != 0 {
		return 0
	}
	return min(int(n), newestABI)
}

// newestABI is lowered by tests.
var newestABI = 1 << 30

func seccomp(op, flags uintptr, program *unix.SockFprog) error {
	n, _, err := unix.Syscall(unix.SYS_SECCOMP, op, flags, uintptr(unsafe.Pointer(program)))
	switch {
	case err != 0:
		return err
	case n != 0:
		return errors.New("a thread has a filter of its own")
	}
	return nil
}
