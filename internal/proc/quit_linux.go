package proc

import (
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// sendQuit sends stackSignal to a Go process so that the goroutine that keeps
// it busy is in the report.
//
// The runtime can show the stack of a running goroutine only on the thread that
// it runs on, or after interrupting it, which works in most loops but not in
// all. The kernel would give the signal to the process's first thread. So
// sendQuit sends it to the running thread; if no thread runs, no goroutine runs
// either, and any thread will do. sendQuit returns the thread to which it has
// sent the signal, 0 if the kernel chooses one.
func sendQuit(pid int) (tid int, err error) {
	tid, stopped := busiest(pid)
	if stopped {
		if err := unix.Kill(pid, unix.SIGCONT); err != nil {
			return 0, err
		}
		tid, _ = busiest(pid)
	}
	if tid != 0 {
		if err := unix.Tgkill(pid, tid, stackSignal); err != unix.ESRCH {
			return tid, err
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

// busiest returns the id of the runnable thread that has used the most
// processor time, 0 if none is runnable; and whether a thread is stopped.
func busiest(pid int) (tid int, stopped bool) {
	const state, user, system = 0, 14 - 3, 15 - 3 // see dying
	dir := "/proc/" + strconv.Itoa(pid) + "/task"
	d, err := os.Open(dir)
	if err != nil {
		return 0, false
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	var most uint64
	for _, name := range names {
		f := stat(dir + "/" + name)
		if len(f) <= system {
			continue
		}
		switch f[state] {
		case "T":
			stopped = true
		case "R":
			if t := 1 + number(f[user]) + number(f[system]); t > most {
				most = t
				tid, _ = strconv.Atoi(name)
			}
		}
	}
	return tid, stopped
}
