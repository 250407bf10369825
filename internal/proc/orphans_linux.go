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

// Adopt makes this process the parent of every descendant whose own parent ends
// (a sub-reaper), as process 1 is anyway. So EndEscaped can find the processes
// that a dead child left behind. It cannot be undone: see ReapOrphans.
func Adopt() error {
	err := os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	if err == nil || os.Getpid() == 1 {
		ReapOrphans()
	}
	return err
}

// reapInterval is the interval between two searches for orphans.
const reapInterval = 2 * time.Second

var reaping sync.Once

// ReapOrphans starts a goroutine that reaps dead adopted processes, as long as
// this process lives: adopted processes cannot be given away. It reaps those
// that are still there at the second search, because no other code waits for
// them.
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

// orphans returns the dead processes that this process has adopted and that no
// code in it will wait for.
//
// The kernel does not mark orphans. But it lists a child under the thread that
// started it, and an adopted process under the first thread; and for a child of
// package os, Go holds a pidfd from its start until it is waited for or
// released. So a process under the first thread without a pidfd is an orphan,
// or was started on that thread, or on one that has ended, by syscall.ForkExec
// or by C. Because of the latter, ReapOrphans leaves other code some time to
// wait for it.
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
	held, ok := heldByPidfd() // after the list, so that it covers every listed process
	for _, pid := range dead {
		if ok && !held[pid] {
			pids = append(pids, pid)
		}
	}
	return pids
}

// adopted returns the children that the kernel lists under the first thread; or
// all children if the kernel has no such lists.
func adopted() (pids []int) {
	self := strconv.Itoa(os.Getpid())
	if b, err := os.ReadFile("/proc/self/task/" + self + "/children"); err == nil {
		for field := range strings.FieldsSeq(string(b)) {
			pids = append(pids, int(number(field)))
		}
		return pids
	}
	for _, pid := range allProcesses() {
		if f := stat("/proc/" + strconv.Itoa(pid)); len(f) > 1 && f[1] == self {
			pids = append(pids, pid)
		}
	}
	return pids
}

// heldByPidfd returns the processes for which this process holds a pidfd. ok is
// false if they cannot be found out.
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
		held[int(number(strings.TrimSpace(line)))] = true // -1 for a reaped process, which becomes 0
	}
	return held, len(fds) > 0
}
