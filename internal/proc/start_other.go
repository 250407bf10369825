//go:build unix && !linux

package proc

import (
	"os"
	"syscall"
)

// executable is the path of this program's file; what stands there by now may be another program.
func executable() (string, error) { return os.Executable() }

// keepsLifeline: a goroutine of the child reads it, so that keeping it here too helps nothing.
const keepsLifeline = false

// There are neither pidfds nor cgroups; Pdeathsig is not relied on.
func systemAttr(*syscall.SysProcAttr, *int, cgroup) {}

// newPipe makes a pipe: ours is its reading end if readable, else its writing end. Ours can have a deadline; the child's
// blocks, as every program expects of its stdout.
func newPipe(readable bool) (ours, child *os.File, err error) {
	var fds [2]int
	syscall.ForkLock.RLock() // no child may be started before both are closed in it
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
