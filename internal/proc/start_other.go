//go:build unix && !linux

package proc

import (
	"os"
	"syscall"
)

// executable returns the path of this program's file; by now the file may be
// another program.
func executable() (string, error) { return os.Executable() }

// keepsLifeline is false: a goroutine of the child reads the lifeline, so
// keeping it here too would not help.
const keepsLifeline = false

// These systems have neither pidfds nor cgroups, and proc does not rely on
// Pdeathsig.
func systemAttr(*syscall.SysProcAttr, *int, cgroup) {}

// newPipe makes a pipe: ours is its reading end if readable, else its writing
// end. Our end can have a deadline; the child's end blocks, as every program
// expects of its stdout.
func newPipe(readable bool) (ours, child *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock() // no child may start before both are close-on-exec
	err = syscall.Pipe(fds[:])
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, os.NewSyscallError("pipe", err)
	}
	return pipeFiles(fds, readable)
}
