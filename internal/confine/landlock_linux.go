//go:build amd64 || arm64

package confine

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights of Landlock, for files and folders.
const (
	execute = unix.LANDLOCK_ACCESS_FS_EXECUTE
	read    = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	write   = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REFER
	all = execute | read | write |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	// ofFiles are those that a file can have.
	ofFiles = execute | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// known are the rights of files and folders that a version of Landlock has.
func known(abi int) uint64 {
	rights := uint64(all)
	if abi < abiRefer {
		rights &^= unix.LANDLOCK_ACCESS_FS_REFER
	}
	if abi < abiTruncate {
		rights &^= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if abi < abiDevices {
		rights &^= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	return rights
}

// layer is a set of rules: what it does not allow is refused, to the threads
// that enforce it and all that these start. Further layers only take away.
type layer struct {
	fd     int
	rights uint64
}

// newLayer makes a layer that allows no file; no port of TCP, if ports is set;
// and nothing that leaves the scopes.
func newLayer(abi int, ports bool, scopes uint64) (layer, error) {
	a := unix.LandlockRulesetAttr{Handled_access_fs: known(abi)}
	size := unsafe.Sizeof(a.Handled_access_fs)
	if ports {
		a.Handled_access_net = unix.LANDLOCK_ACCESS_NET_CONNECT_TCP | unix.LANDLOCK_ACCESS_NET_BIND_TCP
		size = unsafe.Offsetof(a.Scoped)
	}
	if scopes != 0 {
		a.Scoped = scopes
		size = unsafe.Offsetof(a.Quiet_access_fs)
	}
	fd, _, err := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&a)), size, 0)
	if err != 0 {
		return layer{}, os.NewSyscallError("landlock_create_ruleset", err)
	}
	return layer{fd: int(fd), rights: a.Handled_access_fs}, nil
}

func (l layer) close() { unix.Close(l.fd) }

// allow gives rights to a file, or to a folder and everything below it.
func (l layer) allow(path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= ofFiles
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights & l.rights, Parent_fd: int32(fd)}
	if _, _, err := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(l.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); err != 0 {
		return &os.PathError{Op: "landlock_add_rule", Path: path, Err: err}
	}
	return nil
}

// allowPort allows connections to a port of TCP.
func (l layer) allowPort(port int) error {
	const rulePort = 2 // LANDLOCK_RULE_NET_PORT
	rule := struct{ access, port uint64 }{unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, uint64(port)}
	_, _, err := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(l.fd), rulePort, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if err != 0 {
		return os.NewSyscallError("landlock_add_rule", err)
	}
	return nil
}

// reach says on which threads a layer is enforced.
type reach int

const (
	allAtOnce  reach = iota // by the kernel
	allByGo                 // by Go, which stops and asks each
	thisThread              // the others are to be gone
)

// enforce puts the layer into force on the threads of how. It cannot be taken
// back.
func (l layer) enforce(how reach) error {
	call, flags := syscall.AllThreadsSyscall, uintptr(0)
	if how != allByGo {
		call = syscall.Syscall
	}
	if how == allAtOnce {
		flags = unix.LANDLOCK_RESTRICT_SELF_TSYNC
	}
	_, _, err := call(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(l.fd), flags, 0)
	if err != 0 {
		return os.NewSyscallError("landlock_restrict_self", err)
	}
	return nil
}

// noNewPrivileges keeps this process and all that it starts from gaining
// privileges by executing a program: the kernel asks for this before it
// enforces anything.
func noNewPrivileges() error {
	return os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
}
