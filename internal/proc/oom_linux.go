package proc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// offerToKernel adds to this process's score, in thousandths of all memory,
// when the kernel must kill a process because memory is short; 0 adds OOMScore,
// as well as that is possible. So the kernel kills it, or processes that it
// starts, before the daemon. Without it, memory that is not the process's own,
// such as files in memory, would not count. An os.File would cost the start of
// each worker five more system calls.
func offerToKernel(add int) error {
	err := addToScore(add)
	switch {
	case err == nil || add == 0:
		return nil
	case errors.Is(err, unix.EACCES) && add < 0:
		return fmt.Errorf("adding %d to oom_score_adj: less than the daemon's needs CAP_SYS_RESOURCE, which root has: %w", add, err)
	}
	return fmt.Errorf("adding %d to oom_score_adj: %w", add, err)
}

func addToScore(add int) error {
	fd, err := unix.Open("/proc/self/oom_score_adj", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	b := make([]byte, 16)
	n, err := unix.Read(fd, b)
	if err != nil {
		return err
	}
	inherited, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		return err
	}
	if add == 0 {
		add = OOMScore
	}
	_, err = unix.Write(fd, strconv.AppendInt(b[:0], int64(max(min(inherited+add, 1000), -1000)), 10))
	return err
}
