package proc

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/host"
)

// Start starts a child. It returns when the child executes the program, before
// the initialisation of its packages: if the child refuses its limits, its Exit
// has ExitRefused. After an error nothing is left; errors.Is(err,
// syscall.EAGAIN) and syscall.ENOMEM mean that the system has no room for
// another process now.
func Start(s Spec) (*Process, error) {
	p, err := start(s)
	if err != nil {
		return nil, fmt.Errorf("starting process %q: %w", s.Name, err)
	}
	return p, nil
}

func start(s Spec) (*Process, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	s = s.strict()
	if s.Sandbox != nil && s.Sandbox.BestEffort {
		s, _ = s.possible()
	}
	user, err := s.identity()
	if err != nil {
		return nil, err
	}
	if len(s.Files) > maxFiles {
		return nil, fmt.Errorf("%d files to inherit; the limit is %d", len(s.Files), maxFiles)
	}
	exe, err := executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program's own file: %w", err)
	}
	l := &launch{user: credential(user)}
	if err := l.open(s); err != nil {
		l.abandon()
		return nil, err
	}
	text, child := newCookie(s.Purpose.Daemon)
	l.child = child
	argv := append([]string(nil), args...)
	if len(argv) == 0 {
		argv = []string{""}
	}
	m := marker{
		parent: os.Getpid(), name: s.Name, args0: argv[0], cgroups: len(l.cgroup.join), crash: true,
		files: len(s.Files), purpose: s.Purpose, limits: s.Limits,
		sandbox: packSandbox(s.Sandbox),
	}
	env, err := childEnv(m, text, s.environ(os.Environ(), user))
	if err != nil {
		l.abandon()
		return nil, err
	}
	if s.Name != "" {
		argv[0] = s.Name
	}
	p := &Process{launch: l, done: make(chan struct{})}
	onStarter(func() {
		p.started = time.Now()
		if p.pid, err = l.fork(exe, argv, env); err == nil {
			leaders.Store(p.pid, true)
		}
	})
	runtime.KeepAlive(s.Files)
	if err != nil {
		l.abandon()
		return nil, err
	}
	l.closeChildEnds()
	go p.watch(s)
	return p, nil
}

// launch holds the files with which a child is started.
type launch struct {
	lifeline       *os.File // the daemon's end; never written to
	lifelineEnd    *os.File // the child's, where the daemon keeps it: see keepsLifeline
	child          uint64   // its number in its cookie; 0: no cookie
	crash          *os.File // the crash file
	stdout, stderr *os.File // the daemon's ends; stdout is nil without Spec.Output
	cgroup         cgroup   // zero: none
	pidfd          *os.File // nil if not supported

	user     *syscall.Credential // nil: the daemon's
	bound    bool                // it has limits that only its cgroup holds
	dir      string              // the child's working directory; "": the daemon's
	inherit  []uintptr           // the child's descriptors, by number
	childEnd []*os.File          // the files that the daemon closes after the start
}

// open opens everything that a start needs. After an error, abandon closes what
// is open.
func (l *launch) open(s Spec) error {
	l.dir = s.Dir
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	l.give(null)
	if s.Output == nil {
		l.inherit = append(l.inherit, null.Fd())
	} else if l.stdout, err = l.pipe(true); err != nil {
		return err
	}
	if l.stderr, err = l.pipe(true); err != nil {
		return err
	}
	if l.lifeline, err = l.pipe(false); err != nil {
		return err
	}
	if keepsLifeline {
		last := len(l.childEnd) - 1
		l.lifelineEnd, l.childEnd = l.childEnd[last], l.childEnd[:last]
	}
	if l.crash, err = newCrashFile(); err != nil {
		return err
	}
	l.inherit = append(l.inherit, l.crash.Fd())
	l.bound = s.Limits.CPU != 0 || s.Limits.Threads != 0
	if l.cgroup, err = newCgroup(s.Limits); err != nil {
		return err
	}
	for _, f := range l.cgroup.join {
		l.inherit = append(l.inherit, f.Fd())
	}
	for _, f := range s.Files {
		fd, err := descriptor(f)
		if err != nil {
			return fmt.Errorf("inheriting %s: %w", f.Name(), err)
		}
		l.inherit = append(l.inherit, fd)
	}
	return nil
}

// give lets the child inherit f as its next descriptor; the daemon closes f
// after the start.
func (l *launch) give(f *os.File) {
	l.childEnd = append(l.childEnd, f)
	l.inherit = append(l.inherit, f.Fd())
}

// pipe makes a pipe, gives one end to the child, and returns the other: the
// reading end if readable.
func (l *launch) pipe(readable bool) (*os.File, error) {
	ours, child, err := newPipe(readable)
	if err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	if readable && l.user != nil {
		_ = child.Chown(int(l.user.Uid), int(l.user.Gid)) // so that it can open /dev/stdout
	}
	l.give(child)
	return ours, nil
}

// descriptor returns f's descriptor without making it blocking, as Fd may.
func descriptor(f *os.File) (fd uintptr, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	err = conn.Control(func(n uintptr) { fd = n })
	return fd, err
}

// forkExec is replaced by tests that need it to fail.
var forkExec = syscall.StartProcess

// fork starts the child on this thread.
func (l *launch) fork(exe string, argv, env []string) (pid int, err error) {
	pidfd := -1
	attr := &syscall.ProcAttr{Dir: l.dir, Env: env, Files: l.inherit, Sys: &syscall.SysProcAttr{Setpgid: true, Credential: l.user}}
	systemAttr(attr.Sys, &pidfd, l.cgroup)
	host.KeepDescriptors()
	if l.user != nil {
		defer keepDumpable()()
	}
	pid, _, err = forkExec(exe, argv, attr)
	if errors.Is(err, syscall.EACCES) && l.user != nil && l.dir != "" {
		// Perhaps its user may not go there. The daemon's own directory is inherited.
		attr.Dir = ""
		pid, _, err = forkExec(exe, argv, attr)
	}
	if err != nil && l.cgroup.enter != nil && !l.bound && !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.ENOMEM) {
		// Perhaps the kernel refused the cgroup. Limits.Memory works without it.
		cause := err
		g := l.cgroup
		l.cgroup = cgroup{}
		g.close()
		g.remove()
		systemAttr(attr.Sys, &pidfd, l.cgroup)
		if pid, _, err = forkExec(exe, argv, attr); err == nil {
			giveUpEntering(fmt.Errorf("starting a process in one: %w", cause))
		}
	}
	if err != nil {
		return 0, l.explain(&os.PathError{Op: "fork/exec", Path: exe, Err: err})
	}
	if pidfd >= 0 && syscall.SetNonblock(pidfd, true) == nil { // non-blocking: the netpoller may wait for it
		l.pidfd = os.NewFile(uintptr(pidfd), "pidfd")
	} else if pidfd >= 0 {
		syscall.Close(pidfd)
	}
	return pid, nil
}

// explain adds to the error of a start what only its limits can have caused.
func (l *launch) explain(err error) error {
	switch {
	case l.user != nil && errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w: user %d needs permission to execute the file of this program (chmod o+x)", err, l.user.Uid)
	case l.user != nil && errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%w: the system does not let this process start one of user %d", err, l.user.Uid)
	case l.bound && l.cgroup.enter != nil:
		return fmt.Errorf("%w: in the cgroup %s, which its limits need", err, l.cgroup.enter.Name())
	}
	return err
}

// closeChildEnds closes the descriptors that only the child needs.
func (l *launch) closeChildEnds() {
	l.cgroup.close()
	for _, f := range l.childEnd {
		f.Close()
	}
	l.childEnd = nil
}

// abandon gives up a start that failed.
func (l *launch) abandon() {
	l.closeChildEnds()
	forget(l.child)
	for _, f := range []*os.File{l.lifelineEnd, l.lifeline, l.crash, l.stdout, l.stderr, l.pidfd} {
		if f != nil {
			f.Close()
		}
	}
	l.cgroup.remove()
}

var (
	starterOnce sync.Once
	starterJobs chan func()
)

// onStarter runs f on the one goroutine that starts children, and waits for f.
// The goroutine owns its thread and never ends, and neither does the thread:
// Pdeathsig would take the thread's end for the daemon's.
func onStarter(f func()) {
	starterOnce.Do(func() {
		starterJobs = make(chan func())
		go func() {
			runtime.LockOSThread()
			for f := range starterJobs {
				f()
			}
		}()
	})
	done := make(chan struct{})
	starterJobs <- func() {
		defer close(done)
		f()
	}
	<-done
}
