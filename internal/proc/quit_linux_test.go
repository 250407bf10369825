package proc

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/slow"
)

func init() {
	childParts["loses"] = func(*Child) { // its busy thread ends with stackSignal pending
		runtime.LockOSThread()
		go func() {
			runtime.LockOSThread() // the thread ends with this goroutine
			var set, waiting unix.Sigset_t
			set.Val[0] = 1 << (stackSignal - 1)
			check(unix.PthreadSigmask(unix.SIG_BLOCK, &set, nil))
			fmt.Printf("ready=%d\n", os.Getpid())
			for waiting.Val[0]&set.Val[0] == 0 {
				unix.RawSyscall(unix.SYS_RT_SIGPENDING, uintptr(unsafe.Pointer(&waiting)), 8, 0)
			}
		}()
		forever()
	}
}

// The kernel discards the signal of a thread that ends before it takes it. The
// stacks are written all the same, at whatever moment of that end Quit looks.
func TestQuitOfAThreadThatEnds(t *testing.T) {
	slow.Test(t, "ends twenty processes", "1 s")
	for range 20 {
		p, o := begin(t, "loses")
		o.value(t, p, "ready")
		if err := p.Quit(); err != nil {
			t.Fatal(err)
		}
		if e := wait(t, p); !strings.HasPrefix(e.Stack, "SIGABRT: abort") || !strings.Contains(e.Stack, "\ngoroutine 1 [") {
			t.Fatalf("%v\n%s", e, e.Stack)
		}
	}
}
