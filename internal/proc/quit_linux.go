package proc

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// aim returns the thread of a Go process that is to take stackSignal, so that
// the goroutine that keeps it busy is in the report; 0 if the kernel may
// choose. It lets a stopped process go on.
//
// The runtime can show the stack of a running goroutine only on the thread that
// it runs on, or after interrupting it, which works in most loops but not in
// all. The kernel would give the signal to the process's first thread. So the
// thread that keeps a processor busy takes it; if no thread runs, no goroutine
// runs either, and any thread will do.
func (p *Process) aim() (tid int) {
	until := time.Now().Add(quitLook)
	tid, stopped := busiest(p.pid, until)
	if stopped && p.Signal(unix.SIGCONT) == nil {
		tid, _ = busiest(p.pid, until)
	}
	return tid
}

// sendQuit sends stackSignal to a thread of a process, or to the process if
// thread is 0 or has ended. It returns the thread to which it was sent, 0 if
// the kernel chooses one.
func sendQuit(pid, thread int) (tid int, err error) {
	if thread != 0 {
		if err := unix.Tgkill(pid, thread, stackSignal); err != unix.ESRCH {
			return thread, err
		}
	}
	return 0, unix.Kill(pid, stackSignal)
}

// insist sends stackSignal to the whole process if the thread to which Quit has
// sent it ends before it takes it: the kernel discards the signals of a thread
// with the thread. It does so in the middle of the thread's end. So a thread
// whose signal is not pending has taken it only if it does not end after that.
func (p *Process) insist(tid int) {
	thread := "/proc/" + strconv.Itoa(p.pid) + "/task/" + strconv.Itoa(tid)
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, 50*time.Millisecond) {
		status, err := os.ReadFile(thread + "/status")
		if err != nil || pending(string(status), "SigPnd")&(1<<(stackSignal-1)) == 0 {
			break
		}
		select {
		case <-time.After(pause):
		case <-p.done:
			return
		}
	}
	if f := stat(thread); len(f) == 0 || ending(f) {
		_ = p.Signal(stackSignal) // that of a process that has taken it is at its end
	}
}

// quitLook is how long Quit looks for the busy thread, if several run. What it
// takes is missing from the time that the child has to write its stacks.
const quitLook = 200 * time.Millisecond

// busiest returns the id of the thread that uses the most processor time now,
// 0 if none runs; and whether a thread is stopped. A thread that runs for a
// moment may have used more in its life than one that began to hang just now.
// So while several run, busiest watches them, at most until the given time,
// until one is 20 ms ahead: two of the steps in which the kernel counts. One
// that waits meanwhile is not the busy one.
func busiest(pid int, until time.Time) (tid int, stopped bool) {
	const pause, ahead = 5 * time.Millisecond, 2
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	d, err := os.Open(dir)
	if err != nil {
		return 0, false
	}
	ids, _ := d.Readdirnames(-1)
	d.Close()

	first, stopped := runnable(dir, ids)
	for now := first; ; now, _ = runnable(dir, ids) {
		var most, second uint64
		busy := ""
		ids = ids[:0]
		for id, used := range now {
			ids = append(ids, id)
			lately := used - first[id]
			if busy == "" || lately > most || lately == most && used > now[busy] {
				busy, most, second = id, lately, most
			} else {
				second = max(second, lately)
			}
		}
		if len(ids) < 2 || most-second >= ahead || time.Now().After(until) {
			tid, _ = strconv.Atoi(busy)
			return tid, stopped
		}
		time.Sleep(pause) // nothing tells of a thread that stops running
	}
}

// runnable returns the processor time of each of the threads that runs, or
// could, in the kernel's steps of 10 ms; and whether one is stopped.
func runnable(dir string, ids []string) (used map[string]uint64, stopped bool) {
	const state, user, system = 0, 14 - 3, 15 - 3 // see dying
	used = map[string]uint64{}
	for _, id := range ids {
		f := stat(dir + "/" + id)
		if len(f) <= system {
			continue
		}
		switch f[state] {
		case "T":
			stopped = true
		case "R":
			used[id] = number(f[user]) + number(f[system])
		}
	}
	return used, stopped
}
