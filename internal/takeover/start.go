package takeover

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/host"
)

// Descriptors that every successor inherits, in this order, after stdin, stdout
// and stderr. Spec.Files follow, in the order of their names.
const (
	channelFD = 3 // the socket
	captureFD = 4 // the reading end of the pipe that is its stderr at first
	stderrFD  = 5 // the file that becomes its stderr
	firstFD   = 6
)

// Start starts a successor, hands over to it, and returns when it counts: see
// the package's documentation.
//
// An error is a [*Failed] if the process was started and did not take over. If
// it could not be started at all, the error wraps the system's: fs.ErrNotExist,
// fs.ErrPermission, syscall.ETXTBSY (the program's file was being written all
// the time; Start retries until the timeout), syscall.EAGAIN. In either case no
// process is left, and this process is unchanged. If ctx ends before the
// successor counts, the successor is killed, after Spec.Interrupt. ctx has no
// effect afterwards.
func Start(ctx context.Context, s Spec) (*Successor, error) {
	p, err := start(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("starting a successor: %w", err)
	}
	return p, nil
}

// Try finds out whether a program would start: it starts the program as a
// successor of kind Trial, and kills it, with its process group, as soon as it
// reports that it is ready. Try returns the text of [Inheritance.Tell]. The
// errors are those of Start.
func Try(ctx context.Context, s Spec) (told string, err error) {
	s.Kind = Trial
	p, err := start(ctx, s)
	if err != nil {
		return "", fmt.Errorf("trying a successor: %w", err)
	}
	return p.Told(), nil
}

// toldName is the name under which a successor inherits the pipe of Tell.
const toldName = "takeover.told"

func start(ctx context.Context, s Spec) (*Successor, error) {
	s, err := s.check()
	if err != nil {
		return nil, err
	}
	told, telling, err := pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	defer told.Close()
	defer telling.Close()
	if s.Files = maps.Clone(s.Files); s.Files == nil {
		s.Files = map[string]*os.File{}
	}
	s.Files[toldName] = telling
	timeout := time.NewTimer(s.Timeout)
	defer timeout.Stop()
	l := new(launch)
	if err := l.open(s); err != nil {
		l.close()
		return nil, err
	}
	pid, err := l.execute(ctx, s, timeout.C)
	runtime.KeepAlive(s.Files) // the child has copied their descriptors by now
	if err != nil {
		l.close()
		return nil, err
	}
	l.closeChildEnds()
	p := newSuccessor(pid, l)
	rec := record{kind: s.Kind, data: s.Data, names: l.names}
	if err := p.handOver(ctx, rec, timeout.C, s, told); err != nil {
		if ctx.Err() != nil {
			p.interrupt(s.Interrupt)
		}
		err = p.fail(s.Path, err)
		if errors.Is(err, errTried) {
			return p, nil
		}
		return nil, err
	}
	return p, nil
}

// launch holds the files with which a successor is started.
type launch struct {
	channel *os.File // our end of the socket
	stderr  *capture // our end of the pipe

	names    []string  // of Spec.Files
	inherit  []uintptr // the child's descriptors, by number
	childEnd []*os.File
}

// open opens everything that a start needs. After an error, close closes what
// is open.
func (l *launch) open(s Spec) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	l.childEnd = append(l.childEnd, null)
	channel, theirs, err := socketPair()
	if err != nil {
		return fmt.Errorf("making a socket: %w", err)
	}
	l.channel, l.childEnd = channel, append(l.childEnd, theirs)
	r, w, err := pipe()
	if err != nil {
		return fmt.Errorf("making a pipe: %w", err)
	}
	l.childEnd = append(l.childEnd, w)
	l.stderr = newCapture(r, s.Stderr)

	stdin, stdout, stderr := null, s.Stdout, s.Stderr
	if _, err := os.Stdin.Stat(); err == nil && !s.Detach {
		stdin = os.Stdin
	}
	if stdout == nil {
		stdout = null
	}
	if stderr == nil {
		stderr = null
	}
	files := []*os.File{stdin, stdout, w, channelFD: theirs, captureFD: r, stderrFD: stderr}
	l.names = slices.Sorted(maps.Keys(s.Files))
	for _, name := range l.names {
		files = append(files, s.Files[name])
	}
	for _, f := range files {
		fd, err := descriptor(f)
		if err != nil {
			return fmt.Errorf("inheriting %s: %w", f.Name(), err)
		}
		l.inherit = append(l.inherit, fd)
	}
	return nil
}

func (l *launch) closeChildEnds() {
	for _, f := range l.childEnd {
		f.Close()
	}
	l.childEnd = nil
}

func (l *launch) close() {
	l.closeChildEnds()
	if l.channel != nil {
		l.channel.Close()
	}
	if l.stderr != nil {
		l.stderr.close()
	}
}

// startProcess is replaced by tests that need it to fail.
var startProcess = syscall.StartProcess

// execute starts the process. While another process writes to the program's
// file, because it installs a new version, execute waits and retries.
func (l *launch) execute(ctx context.Context, s Spec, timeout <-chan time.Time) (pid int, err error) {
	attr := &syscall.ProcAttr{
		Dir:   s.Dir,
		Env:   s.environ(marker{predecessor: os.Getpid(), files: len(s.Files)}),
		Files: l.inherit,
		// Either makes it the leader of a new process group. No Pdeathsig: it must
		// outlive this process.
		Sys: &syscall.SysProcAttr{Setsid: s.Detach, Setpgid: !s.Detach},
	}
	host.KeepDescriptors()
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		if ctx.Err() != nil {
			return 0, fmt.Errorf("%s: %w", s.Path, ctx.Err())
		}
		pid, _, err = startProcess(s.Path, s.Args, attr)
		if !errors.Is(err, syscall.ETXTBSY) {
			break
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return 0, fmt.Errorf("%s: its file is being written (%w): %w", s.Path, err, ctx.Err())
		case <-timeout:
			wait.Stop()
			return 0, fmt.Errorf("%s: its file is still being written after %v: %w", s.Path, s.Timeout, err)
		}
	}
	if err != nil {
		return 0, explain(s.Path, err)
	}
	return pid, nil
}

// explain adds what to do about a program that cannot be executed.
func explain(path string, err error) error {
	file, statErr := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && statErr == nil:
		return fmt.Errorf("%s: the interpreter or loader that it names: %w", path, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: install it, or correct the path", path, err)
	case errors.Is(err, fs.ErrPermission) && statErr == nil && file.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s: %w: make it executable, with chmod +x", path, err)
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("%s: %w: it is not a program for this system", path, err)
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.ENOMEM):
		return fmt.Errorf("%s: the system has no room for another process now: %w", path, err)
	default:
		return fmt.Errorf("%s: %w", path, err)
	}
}
