package proc

import (
	"errors"
	"os"
	"syscall"
)

// pipeFiles makes files from a pipe's two descriptors.
func pipeFiles(fds [2]int, readable bool) (ours, child *os.File, err error) {
	o, c := fds[1], fds[0]
	if readable {
		o, c = c, o
	}
	if err := syscall.SetNonblock(o, true); err != nil {
		return nil, nil, errors.Join(err, syscall.Close(o), syscall.Close(c))
	}
	return os.NewFile(uintptr(o), "pipe"), os.NewFile(uintptr(c), "pipe"), nil
}
