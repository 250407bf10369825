//go:build amd64 || arm64

package confine

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/sandbox"
)

// Explain finds out from the report of the Go runtime about a SIGSYS, with its
// registers, which call was forbidden. It returns nil for any other report,
// which may be any text.
func Explain(report string) *sandbox.Forbidden {
	if !strings.HasPrefix(report, "SIGSYS: ") || !strings.Contains(report, " sigcode=1\n") { // 1: from a filter
		return nil
	}
	number, ok := register(report, registers[0])
	if !ok {
		return nil
	}
	var args [6]uint64
	for i := range args {
		args[i], _ = register(report, registers[1+i])
	}
	f := &sandbox.Forbidden{Call: fmt.Sprintf("call %d", number)}
	for _, c := range named() {
		if uint64(c.call) == number {
			f.Call, f.Rule = c.name, c.rule
			break
		}
	}
	detail(f, number, args)
	return f
}

// register returns the value of a register in the list at the end of a report.
func register(report, name string) (uint64, bool) {
	at := strings.LastIndex(report, "\n"+name+" ")
	if at < 0 {
		return 0, false
	}
	value, _, _ := strings.Cut(report[at+1+len(name):], "\n")
	n, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(value), "0x"), 16, 64)
	return n, err == nil
}

// detail adds what the arguments say.
func detail(f *sandbox.Forbidden, number uint64, args [6]uint64) {
	switch number {
	case unix.SYS_SOCKET, unix.SYS_SOCKETPAIR:
		family := name(args[0], "AF_%d", word{unix.AF_UNIX, "AF_UNIX"}, word{unix.AF_INET, "AF_INET"}, word{unix.AF_INET6, "AF_INET6"}, word{unix.AF_NETLINK, "AF_NETLINK"}, word{unix.AF_PACKET, "AF_PACKET"}, word{unix.AF_VSOCK, "AF_VSOCK"}, word{unix.AF_ALG, "AF_ALG"})
		kind := name(args[1]&0xf, "%d", word{unix.SOCK_STREAM, "SOCK_STREAM"}, word{unix.SOCK_DGRAM, "SOCK_DGRAM"}, word{unix.SOCK_SEQPACKET, "SOCK_SEQPACKET"}, word{unix.SOCK_RAW, "SOCK_RAW"})
		f.Args = family + ", " + kind
		if args[0] != unix.AF_UNIX && args[0] != unix.AF_INET && args[0] != unix.AF_INET6 || kind == "SOCK_RAW" {
			f.Rule = "" // not even AnyNetwork
		}
	case unix.SYS_OPENAT:
		openFlags(f, args[2])
	case unix.SYS_CLONE:
		f.Args = fmt.Sprintf("%#x", args[0])
		if args[0]&unix.CLONE_THREAD != 0 {
			f.Rule = ""
		}
	case unix.SYS_MMAP, unix.SYS_MPROTECT:
		f.Args = "PROT_EXEC"
	case unix.SYS_KILL, unix.SYS_TKILL:
		f.Args = fmt.Sprintf("%d, %s", int32(args[0]), unix.SignalName(unix.Signal(args[1])))
	case unix.SYS_TGKILL:
		f.Args = fmt.Sprintf("%d, %d, %s", int32(args[0]), int32(args[1]), unix.SignalName(unix.Signal(args[2])))
	case unix.SYS_FCNTL, unix.SYS_IOCTL:
		f.Args = fmt.Sprintf("%d, %#x", int32(args[0]), uint32(args[1]))
	case unix.SYS_PRCTL, unix.SYS_PTRACE:
		f.Args = fmt.Sprintf("%#x", args[0])
	default:
		if oldOpen != 0 && number == oldOpen {
			openFlags(f, args[1])
		}
	}
}

// openFlags names the flags with which a file was opened.
func openFlags(f *sandbox.Forbidden, flags uint64) {
	f.Args = name(flags&unix.O_ACCMODE, "%d", word{unix.O_RDONLY, "O_RDONLY"}, word{unix.O_WRONLY, "O_WRONLY"}, word{unix.O_RDWR, "O_RDWR"})
	for _, w := range []word{{unix.O_CREAT, "O_CREAT"}, {unix.O_TRUNC, "O_TRUNC"}} {
		if flags&w.value != 0 {
			f.Args += "|" + w.name
		}
	}
	if f.Args != "O_RDONLY" {
		f.Rule = "Write"
	}
}

// word is a value with its name in C.
type word struct {
	value uint64
	name  string
}

// name returns the name of a value, or what format makes of it.
func name(value uint64, format string, words ...word) string {
	for _, w := range words {
		if w.value == value {
			return w.name
		}
	}
	return fmt.Sprintf(format, value)
}
