//go:build unix && !linux

package proc

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/host"
)

// awaitExit returns when the child is ending and can be reaped soon, without
// reaping it; or when it is gone.
func awaitExit(pid int, _ *os.File) { host.AwaitExit(pid) }

// ours cannot be checked without a pidfd: other code in the program must not
// reap the child.
func ours(*os.File) bool { return true }

// dying is not known: a Kill that comes when the child is dying of another
// cause may show in Exit.KilledBy.
func dying(int) bool { return false }

// aim leaves the choice of the thread to the kernel. A goroutine that runs on
// another thread is shown without its stack.
func (p *Process) aim() int { return 0 }

// sendQuit sends stackSignal, and lets a stopped process go on.
func sendQuit(pid, _ int) (tid int, err error) {
	return 0, errors.Join(syscall.Kill(pid, stackSignal), syscall.Kill(pid, syscall.SIGCONT))
}

// insist is for a signal that one thread has got.
func (p *Process) insist(int) {}

// processorTime is not known: it would need cgo.
func processorTime(int) (time.Duration, error) { return 0, errors.ErrUnsupported }

func signalName(s syscall.Signal) string { return s.String() }
