package proc

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/legion-go/legion/sandbox"
	"golang.org/x/sys/unix"
)

// A system that lacks what a sandbox needs refuses the child, which says what
// is missing. If the sandbox is only an effort, the child runs without it.
func TestMissingParts(t *testing.T) {
	for _, c := range []struct {
		refused    uintptr
		box        sandbox.Sandbox
		says, held string
	}{
		{unix.SYS_SECCOMP, sandbox.Sandbox{}, "the kernel has no seccomp filters", "files: Landlock"},
		{unix.SYS_LANDLOCK_CREATE_RULESET, sandbox.Sandbox{Read: []string{"/usr"}}, "need Landlock", "calls: seccomp"},
		{unix.SYS_LANDLOCK_CREATE_RULESET, sandbox.Sandbox{Network: sandbox.TCP(443)}, "TCP ports need Landlock", "calls: seccomp"},
		{unix.SYS_LANDLOCK_CREATE_RULESET, sandbox.Sandbox{}, "", "calls: seccomp"}, // computing needs no Landlock
	} {
		out := func(b sandbox.Sandbox) string {
			cmd := helper("lacking", "PROC_TEST_CALL="+strconv.Itoa(int(c.refused)), "PROC_TEST_BOX="+packSandbox(&b))
			out, err := cmd.Output()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			return string(out)
		}
		if c.says != "" {
			if got := out(c.box); !strings.Contains(got, "exit code 125") || !strings.Contains(got, c.says) {
				t.Errorf("%s: without %d it says:\n%s", c.says, c.refused, got)
			}
		}
		c.box.BestEffort = true
		if got := out(c.box); !strings.Contains(got, "exit code 0") || !strings.Contains(got, c.held) || !strings.Contains(got, c.says) {
			t.Errorf("%s: without %d, as an effort, it says:\n%s", c.says, c.refused, got)
		}
	}
}

func init() {
	childParts["report"] = func(*Child) {
		report, err := Seal()
		fmt.Printf("report=%q %v\n", report, err)
	}
	// A daemon whose kernel does not have a system call.
	helperParts["lacking"] = func(*Child) {
		call, _ := strconv.Atoi(os.Getenv("PROC_TEST_CALL"))
		check(lack(uintptr(call)))
		b, err := unpackSandbox(os.Getenv("PROC_TEST_BOX"))
		check(err)
		o := newPrinted()
		p, err := Start(Spec{Name: "test: report", Purpose: Purpose{Pool: "report"}, Sandbox: b, Output: o.output})
		check(err)
		fmt.Println(p.Exit(), strings.Join(o.all(), "\n"))
	}
}

// lack makes a system call fail with ENOSYS, in this process and its children.
func lack(call uintptr) error {
	code := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, err := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program)))
	return errOrNil(err)
}
