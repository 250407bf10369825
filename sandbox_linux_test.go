package legion_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
)

// In a sandbox that forbids memfd_create, pools work over sockets: those that
// ask for it, and those that take what there is. Who insists on shared memory
// is told what to do.
func TestNoMemoryFiles(t *testing.T) {
	p := run(t, "sandboxed")
	for _, pool := range []string{"default", "socket"} {
		if said := p.hear(pool + ":"); said != "ok" {
			t.Errorf("a pool with the transport %s: %s", pool, said)
		}
	}
	for _, want := range []string{"memfd_create", "permit it in the sandbox", "socket transport"} {
		if said := p.hear("insists:"); !strings.Contains(said, want) {
			t.Errorf("a pool that insists on shared memory: %s", said)
		}
	}
}

func init() { programs["sandboxed"] = sandboxedMain }

func sandboxedMain() {
	if err := forbid(unix.SYS_MEMFD_CREATE, unix.EPERM); err != nil {
		fmt.Println("default:", err)
		return
	}
	c := quiet("sandboxed")
	d := legion.New(c)
	crash := func(context.Context, string) (string, error) {
		var m map[string]int
		go func() { m["x"] = 1 }() // no function recovers this
		select {}
	}
	byDefault := legion.Worker(d, "default", crash, legion.Pool{Max: 1})
	bySocket := legion.Worker(d, "socket", crash, legion.Pool{Max: 1, Transport: legion.Socket})
	insists := legion.Worker(d, "insists", crash, legion.Pool{Max: 1, Transport: legion.SharedMemory, Spawn: legion.Lazy, MaxRestarts: 1})
	ctx := context.Background()
	if err := d.Start(ctx); err != nil {
		fmt.Println("default:", err)
		return
	}
	for _, f := range []*legion.Func[string, string]{byDefault, bySocket} {
		// The report of a crash needs a file, too.
		_, err := f.Call(ctx, "")
		var e *legion.WorkerError
		if errors.Is(err, legion.ErrCrashed) && errors.As(err, &e) && strings.Contains(e.Stack, "sandboxedMain") {
			err = errors.New("ok")
		}
		fmt.Println(f.Name()+":", strings.ReplaceAll(fmt.Sprint(err), "\n", " "))
	}
	_, err := insists.Call(ctx, "")
	for range 3 {
		fmt.Println("insists:", strings.ReplaceAll(fmt.Sprint(err), "\n", " "))
	}
	if err := d.Stop(ctx); err != nil {
		fmt.Println("stop:", err)
	}
}

// forbid makes a system call fail in this process, and in those that it starts.
func forbid(call uint32, errno unix.Errno) error {
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return os.NewSyscallError("prctl", err)
	}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if e != 0 {
		return os.NewSyscallError("seccomp", e)
	}
	return nil
}
