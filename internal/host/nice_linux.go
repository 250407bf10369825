package host

import (
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// renice sets the nice value of each thread: on Linux every thread has its own.
// Setting it for the process group would reach them all at once, but also other
// processes of the group, such as the rest of a pipeline.
//
// A thread starts with the value that its creator had when it began to create
// it, and is in the list a little later. So renice looks until it has found the
// same threads several times, all with the new value; not for ever, since a
// program may start threads all the time.
func renice(n int) error {
	var before []string
	for same, looks := 0, 0; same < 3 && looks < 100; same, looks = same+1, looks+1 {
		threads, changed, err := reniceThreads(n)
		if err != nil {
			return err
		}
		if changed || !slices.Equal(threads, before) {
			same = 0
		}
		before = threads
	}
	return nil
}

// reniceThreads is one look at the list of threads.
func reniceThreads(n int) (threads []string, changed bool, err error) {
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, false, err
	}
	for _, t := range entries {
		threads = append(threads, t.Name())
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return nil, false, err
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
			return nil, false, os.NewSyscallError("setpriority", err)
		}
	}
	return threads, changed, nil
}
