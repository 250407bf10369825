package legion_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"
)

// When the daemon is killed, nothing outlives it: neither a busy worker, nor a
// stopped one, nor what workers have started. A new daemon of the same name
// starts at once.
func TestKilledDaemonLeavesNothing(t *testing.T) {
	p := run(t, "daemon")
	p.do(deed{What: "grandchild"})
	var worker, grandchild int
	if _, err := fmt.Sscan(p.hear("did ok"), &worker, &grandchild); err != nil {
		t.Fatal(err)
	}
	p.do(deed{What: "loop"})
	family := []int{pidfd(t, grandchild)}
	stopped := false
	for _, pid := range p.workers() {
		family = append(family, pidfd(t, pid))
		if pid != worker && !stopped {
			stopped = true
			if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.signal(syscall.SIGKILL)
	killed := time.Now()
	gone(t, family...)
	t.Logf("all %d were gone after %v", len(family), time.Since(killed))

	again := run(t, "daemon")
	again.do(deed{What: "pid"})
	again.hear("did ok")
}
