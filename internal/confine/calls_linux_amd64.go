package confine

import "golang.org/x/sys/unix"

// The numbers of system calls here are those of this architecture, which in
// addition has x32's and those of 32-bit programs: see policy.
const (
	architecture = unix.AUDIT_ARCH_X86_64
	hasX32       = true
	oldOpen      = unix.SYS_OPEN
	oldCreat     = unix.SYS_CREAT
)

// registers are those of a call's number and its arguments, as the Go runtime
// names them.
var registers = [...]string{"rax", "rdi", "rsi", "rdx", "r10", "r8", "r9"}

// The calls that newer ones replace, which a C library may still make.

func oldComputing() []uint32 {
	return []uint32{unix.SYS_EPOLL_WAIT, unix.SYS_POLL, unix.SYS_SELECT, unix.SYS_DUP2, unix.SYS_PIPE, unix.SYS_TIME, unix.SYS_PAUSE, unix.SYS_ALARM, unix.SYS_ARCH_PRCTL, unix.SYS_GETPGRP}
}

func oldReading() []uint32 {
	return []uint32{unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_ACCESS, unix.SYS_READLINK}
}

func oldWriting() []uint32 {
	return []uint32{unix.SYS_MKDIR, unix.SYS_RMDIR, unix.SYS_UNLINK, unix.SYS_RENAME, unix.SYS_SYMLINK, unix.SYS_LINK}
}

func oldStarting() []uint32 { return []uint32{unix.SYS_FORK, unix.SYS_VFORK} }

func oldUnreasonable() []uint32 {
	return []uint32{unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT, unix.SYS_USELIB}
}

func oldNamed() []namedCall {
	return []namedCall{
		{unix.SYS_OPEN, "open", "Read"}, {unix.SYS_STAT, "stat", "Read"}, {unix.SYS_LSTAT, "lstat", "Read"}, {unix.SYS_ACCESS, "access", "Read"},
		{unix.SYS_READLINK, "readlink", "Read"},
		{unix.SYS_CREAT, "creat", "Write"}, {unix.SYS_MKDIR, "mkdir", "Write"}, {unix.SYS_RMDIR, "rmdir", "Write"}, {unix.SYS_UNLINK, "unlink", "Write"},
		{unix.SYS_RENAME, "rename", "Write"}, {unix.SYS_SYMLINK, "symlink", "Write"}, {unix.SYS_LINK, "link", "Write"},
		{unix.SYS_FORK, "fork", "Exec"}, {unix.SYS_VFORK, "vfork", "Exec"},
		{unix.SYS_CHMOD, "chmod", ""}, {unix.SYS_CHOWN, "chown", ""}, {unix.SYS_LCHOWN, "lchown", ""}, {unix.SYS_UTIME, "utime", ""},
		{unix.SYS_UTIMES, "utimes", ""}, {unix.SYS_FUTIMESAT, "futimesat", ""}, {unix.SYS_MKNOD, "mknod", ""}, {unix.SYS_EPOLL_CREATE, "epoll_create", ""},
		{unix.SYS_INOTIFY_INIT, "inotify_init", ""}, {unix.SYS_IOPL, "iopl", ""}, {unix.SYS_IOPERM, "ioperm", ""}, {unix.SYS_MODIFY_LDT, "modify_ldt", ""},
		{unix.SYS_USELIB, "uselib", ""},
	}
}
