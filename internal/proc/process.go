package proc

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// drainGrace is how long output is still read after the end of a child and its
// group, for the bytes left in the pipes. All of it is needed only if a process
// that escaped the group holds a pipe open.
const drainGrace = 500 * time.Millisecond

// Process is a child, alive or dead.
//
// One goroutine, watch, owns its life: only watch reaps the child, under mu;
// and all code that passes the child's process id or group to the kernel holds
// mu and has checked that the child is not reaped. So neither can belong to
// another process. Code that only reads figures does so without mu, which would
// delay reaping, and checks afterwards whether they were the child's: see look.
type Process struct {
	pid     int
	started time.Time
	launch  *launch
	done    chan struct{}
	exit    Exit // set before done is closed

	mu       sync.Mutex
	reaped   bool
	killedBy string // the first reason given to Kill while the child was not dying, or ""
}

// PID returns the process id. It may belong to another process once Done is
// closed.
func (p *Process) PID() int { return p.pid }

// Done is closed when the child has been reaped, its group killed, and all its
// output passed to Spec.Output.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit says how the child ended. It waits for Done.
func (p *Process) Exit() Exit {
	<-p.done
	return p.exit
}

// Kill sends SIGKILL to the child and its whole group. The first reason given
// counts (Exit.KilledBy), unless the child is dying of another cause already.
// Killing a child that has ended does nothing, and is not an error.
func (p *Process) Kill(by string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reaped {
		return nil
	}
	if p.killedBy == "" && !dying(p.pid) {
		p.killedBy = by
	}
	if err := p.killGroup(); err != nil {
		return fmt.Errorf("killing process %d: %w", p.pid, err)
	}
	return nil
}

// Quit sends SIGABRT only to the child: its Go runtime writes all stacks to the
// crash file and ends the process with code 2 within some milliseconds; they
// become Exit.Stack, and KilledBy stays empty. A stopped child is continued,
// because it could not react otherwise. A child that ignores SIGABRT, or hangs
// in C code that blocks signals, must be killed. If several of its threads run,
// Quit looks for up to 0.2 s which of them is the busy one.
func (p *Process) Quit() error {
	busy := p.aim()
	p.mu.Lock()
	defer p.mu.Unlock()
	err := os.ErrProcessDone
	if !p.reaped {
		var tid int
		if tid, err = sendQuit(p.pid, busy); errors.Is(err, syscall.ESRCH) {
			err = os.ErrProcessDone // other code in this process reaped it
		}
		if tid != 0 && err == nil {
			go p.insist(tid)
		}
	}
	if err != nil {
		return fmt.Errorf("asking process %d for its stacks: %w", p.pid, err)
	}
	return nil
}

// Signal sends a signal only to the child. After the child's end the error
// matches os.ErrProcessDone.
func (p *Process) Signal(sig syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	err := os.ErrProcessDone
	if !p.reaped && ours(p.launch.pidfd) {
		err = syscall.Kill(p.pid, sig)
	}
	if err != nil {
		return fmt.Errorf("sending signal %d (%v) to process %d: %w", int(sig), sig, p.pid, err)
	}
	return nil
}

// Memory returns the child's resident private (anonymous) memory in bytes: its
// threads' stacks, heap and data, but neither its program nor shared memory.
// After the child's end the error matches os.ErrProcessDone; where the system
// does not report it, errors.ErrUnsupported. It costs a file read in /proc.
func (p *Process) Memory() (uint64, error) {
	return look(p, "memory size", anonymous)
}

// CPU returns the processor time that the child has used so far, in user mode
// and in the kernel, without its own children. After the child's end the error
// matches os.ErrProcessDone; where the system does not report it,
// errors.ErrUnsupported. It costs a system call.
func (p *Process) CPU() (time.Duration, error) {
	return look(p, "processor time", processorTime)
}

// look returns the result of read about the child. If the child is not reaped
// even after read, the process id was the child's all the time; if it is, the
// id may have belonged to another process, and look discards the result.
func look[T any](p *Process, what string, read func(pid int) (T, error)) (T, error) {
	found, err := read(p.pid)
	p.mu.Lock()
	if p.reaped {
		err = os.ErrProcessDone
	}
	p.mu.Unlock()
	if err != nil {
		var none T
		return none, fmt.Errorf("reading the %s of process %d: %w", what, p.pid, err)
	}
	return found, nil
}

// killGroup sends SIGKILL to the group, and to the leader in case it has left
// the group. mu is held, the leader is not reaped.
func (p *Process) killGroup() error {
	if !ours(p.launch.pidfd) {
		return nil
	}
	err := syscall.Kill(p.pid, syscall.SIGKILL)
	if err := syscall.Kill(-p.pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH && err != syscall.EPERM {
		return err
	}
	if err == syscall.ESRCH {
		return nil
	}
	return err
}

// watch waits for the child's end and completes its Exit.
func (p *Process) watch(s Spec) {
	l, output := p.launch, s.Output
	var errs tail
	var readers []chan struct{}
	read := func(f *os.File, emit func([]byte)) {
		if f == nil {
			return
		}
		end := make(chan struct{})
		readers = append(readers, end)
		go func() {
			defer close(end)
			drain(f, emit)
		}()
	}
	read(l.stdout, func(line []byte) { output(Stdout, line) })
	read(l.stderr, func(line []byte) {
		errs.add(line)
		if output != nil {
			output(Stderr, line)
		}
	})

	awaitExit(p.pid, l.pidfd)
	leaders.Delete(p.pid) // before another process can get its number
	status, rusage, err := p.reap()

	// From here on p.pid no longer names the child.
	forget(l.child)
	if l.lifelineEnd != nil {
		l.lifelineEnd.Close() // first, so that closing the lifeline triggers nothing
	}
	l.lifeline.Close()
	if l.pidfd != nil {
		l.pidfd.Close()
	}
	deadline := time.Now().Add(drainGrace)
	for _, f := range []*os.File{l.stdout, l.stderr} {
		if f != nil {
			f.SetReadDeadline(deadline)
		}
	}
	// Twice, because a reader may still be in Output at its deadline: wait for it,
	// but not forever.
	late := time.NewTimer(2 * drainGrace)
	defer late.Stop()
	for _, end := range readers {
		select {
		case <-end:
			continue
		case <-late.C:
		}
		break
	}

	p.exit = p.describe(status, rusage, err)
	p.explain(&errs, s)
	l.crash.Close()
	l.cgroup.remove()
	close(p.done)
}

// explain adds to the Exit what the child printed and left behind of its crash.
func (p *Process) explain(errs *tail, s Spec) {
	head, body := errs.crashHead(), readCrash(p.launch.crash)
	p.exit.Stack = crashReport(head, body)
	if s.Sandbox != nil {
		p.exit.Forbidden = forbidden(body, p.exit, s.Sandbox.Strict && !s.Sandbox.Exec)
	}
	p.exit.OutOfMemory = p.exit.OutOfMemory || ranOutOfMemory(head, body)
	p.exit.Stderr = errs.lines(body != "")
	if raceDetector && p.exit.Code == raceExit {
		p.exit.OutOfMemory = raceOutOfMemory(p.exit.Stderr)
		p.exit.Race = !p.exit.OutOfMemory
	}
	if p.exit.Race {
		p.exit.Stack = errs.raceReport()
		if told := onRace.Load(); told != nil {
			(*told)(s.Purpose.Daemon, s.Name, p.exit)
		}
	}
}

// reap kills the rest of the group while the dead leader still holds its
// number, then takes the leader's status.
func (p *Process) reap() (status syscall.WaitStatus, rusage syscall.Rusage, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killGroup()
	for {
		_, err = syscall.Wait4(p.pid, &status, 0, &rusage)
		if err != syscall.EINTR {
			break
		}
	}
	p.reaped = true
	p.exit.Uptime = time.Since(p.started)
	return status, rusage, err
}

// describe makes the Exit from the results of wait4.
func (p *Process) describe(status syscall.WaitStatus, rusage syscall.Rusage, err error) Exit {
	e := Exit{PID: p.pid, Code: -1, Usage: usage(&rusage), Uptime: p.exit.Uptime}
	if err != nil {
		return e // other code in this process reaped it
	}
	if status.Signaled() {
		e.Signal = status.Signal()
	} else {
		e.Code = status.ExitStatus()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Signal == syscall.SIGKILL {
		e.KilledBy = p.killedBy
		e.OutOfMemory = p.killedBy == "" && p.launch.cgroup.killed()
	}
	return e
}
