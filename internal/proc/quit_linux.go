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
	tid, stopped := busiest(p.pid)
	if stopped && p.Signal(unix.SIGCONT) == nil {
		tid, _ = busiest(p.pid)
	}
	return tid
}

// sendQuit sends stackSignal to a process, and to its thread tid if it has one.
func sendQuit(pid, tid int) error {
	if tid != 0 {
		if err := unix.Tgkill(pid, tid, stackSignal); err != unix.ESRCH {
			return err
		}
	}
	return unix.Kill(pid, stackSignal)
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

// quitLook is how long busiest watches threads at most.
const quitLook = 200 * time.Millisecond

// busiest returns the id of the thread that uses the most processor time now,
// 0 if none runs; and whether a thread is stopped. A thread that runs for a
// moment may have used more in its life than one that began to hang just now.
// So while several run, busiest watches them until one is two of the steps
// ahead in which the kernel counts, 20 ms in all. One that waits meanwhile is
// out.
func busiest(pid int) (tid int, stopped bool) {
	const pause = 5 * time.Millisecond
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	first, stopped := runnable(dir)
	for now, left := first, quitLook; ; left -= pause {
		var most, second uint64
		tid = 0
		for id, began := range first {
			all, still := now[id]
			if !still {
				delete(first, id)
				continue
			}
			used := all - began
			if tid == 0 || used > most {
				tid, most, second = id, used, most
			} else {
				second = max(second, used)
			}
		}
		if len(first) < 2 || most-second >= 2 || left <= 0 {
			return tid, stopped
		}
		time.Sleep(pause)
		now, _ = runnable(dir)
	}
}

// runnable returns the processor time of each thread that runs, or could, in
// the kernel's steps of 10 ms; and whether a thread is stopped.
func runnable(dir string) (used map[int]uint64, stopped bool) {
	const state, user, system = 0, 14 - 3, 15 - 3 // see dying
	d, err := os.Open(dir)
	if err != nil {
		return nil, false
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	used = map[int]uint64{}
	for _, name := range names {
		f := stat(dir + "/" + name)
		if len(f) <= system {
			continue
		}
		switch f[state] {
		case "T":
			stopped = true
		case "R":
			tid, _ := strconv.Atoi(name)
			used[tid] = number(f[user]) + number(f[system])
		}
	}
	return used, stopped
}
