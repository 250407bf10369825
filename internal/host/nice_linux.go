package host

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// renice sets the nice value of each thread: on Linux every thread has its own.
// Setting it for the process group would reach them all at once, but also other
// processes of the group, such as the rest of a pipeline.
//
// A thread starts with the value of the thread that created it. So when all
// existing threads have the new value, later ones will have it too.
func renice(n int) error {
	for changed := true; changed; {
		changed = false
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, t := range threads {
			tid, err := strconv.Atoi(t.Name())
			if err != nil {
				return err
			}
			now, err := unix.Getpriority(unix.PRIO_PROCESS, tid)
			if err == nil && 20-now == n { // the system call returns 1 to 40, because negative results are errors
				continue
			}
			if err == nil {
				changed = true
				err = unix.Setpriority(unix.PRIO_PROCESS, tid, n)
			}
			if err != nil && err != unix.ESRCH { // ESRCH: the thread has ended
				return os.NewSyscallError("setpriority", err)
			}
		}
	}
	return nil
}
