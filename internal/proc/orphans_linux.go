package proc

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Adopt makes this process the parent of every descendant whose own parent ends (a sub-reaper), as process 1 is anyway. So
// what a dead child has left can be found: EndEscaped. It cannot be undone: see ReapOrphans.
func Adopt() error {
	err := os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	if err == nil || os.Getpid() == 1 {
		ReapOrphans()
	}
	return err
}

// reapInterval is how often orphans are looked for.
const reapInterval = 2 * time.Second

var reaping sync.Once

// ReapOrphans has the adopted that have ended be waited for, by a goroutine that goes on as long as this process: what has
// once been adopted cannot be given away. One that is still there at the second look is nobody's.
func ReapOrphans() {
	reaping.Do(func() { go reapForEver() })
}

func reapForEver() {
	before := map[int]bool{}
	for range time.Tick(reapInterval) {
		now := map[int]bool{}
		for _, pid := range orphans() {
			if now[pid] = true; before[pid] {
				_, _ = unix.Wait4(pid, nil, unix.WNOHANG, nil)
			}
		}
		before = now
	}
}

// orphans returns the dead processes that this one has adopted and that nothing in it will wait for.
//
// An orphan cannot be told from a dead child of our own by what the kernel says of itself. But the kernel lists a child
// under the thread that started it, and an adopted one under the first thread; and of a child of package os, Go has held
// a pidfd since its birth and until it is waited for or forgotten. So what is under the first thread and has no pidfd is
// an orphan, or was started on that thread, or on one that has ended, by syscall.ForkExec or by C. Those are in doubt:
// ReapOrphans gives who waits for them some time.
func orphans() (pids []int) {
	dead := adopted()[:0:0]
	for _, pid := range adopted() {
		if f := stat("/proc/" + strconv.Itoa(pid)); len(f) > 0 && f[0] == "Z" {
			dead = append(dead, pid)
		}
	}
	if len(dead) == 0 {
		return nil
	}
	held, ok := heldByPidfd() // after the list: who is born later is not in it
	for _, pid := range dead {
		if ok && !held[pid] {
			pids = append(pids, pid)
		}
	}
	return pids
}

// adopted returns the children that the kernel lists under the first thread; where it has no such lists, all.
func adopted() (pids []int) {
	self := strconv.Itoa(os.Getpid())
	if b, err := os.ReadFile("/proc/self/task/" + self + "/children"); err == nil {
		for field := range strings.FieldsSeq(string(b)) {
			pids = append(pids, int(number(field)))
		}
		return pids
	}
	for _, pid := range everybody() {
		if f := stat("/proc/" + strconv.Itoa(pid)); len(f) > 1 && f[1] == self {
			pids = append(pids, pid)
		}
	}
	return pids
}

// heldByPidfd returns the processes that a pidfd of this process names. ok is false if that cannot be found out.
func heldByPidfd() (held map[int]bool, ok bool) {
	held = map[int]bool{}
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, name := range fds {
		if to, err := os.Readlink(name); err != nil || to != "anon_inode:[pidfd]" && !strings.HasPrefix(to, "pidfd:") {
			continue
		}
		b, err := os.ReadFile("/proc/self/fdinfo/" + filepath.Base(name))
		if err != nil {
			continue // closed meanwhile
		}
		_, rest, found := strings.Cut(string(b), "\nPid:")
		if !found {
			return nil, false
		}
		line, _, _ := strings.Cut(rest, "\n")
		held[int(number(strings.TrimSpace(line)))] = true // -1, which becomes 0, of one that has been reaped
	}
	return held, len(fds) > 0
}
