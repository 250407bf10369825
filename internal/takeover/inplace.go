package takeover

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// inPlaceName is the environment variable that makes a program the successor of
// the one that this process executed before. Only this package sees it. Its
// lines are: the protocol and the process id; the data, quoted; the descriptor
// that becomes stderr, -1 if stderr is right already; and for each file its
// descriptor and its name, quoted.
const inPlaceName = "_LEGION_IN_PLACE"

// inPlaceProtocol changes with this format.
const inPlaceProtocol = 1

// Held are descriptors for the program that this process executes next:
// duplicates that the owner of the files cannot close. While they are held, a
// listening socket queues connections, and a lock stays locked.
type Held struct{ fds map[string]int }

// Hold duplicates files. The duplicates are closed by Close.
func Hold(files map[string]*os.File) (*Held, error) {
	if err := (Spec{Files: files}).checkFiles(); err != nil {
		return nil, err
	}
	h := &Held{fds: map[string]int{}}
	for name, f := range files {
		old, err := descriptor(f)
		fd := -1
		if err == nil {
			fd, err = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, firstFD)
		}
		if err != nil {
			h.Close()
			return nil, fmt.Errorf("holding %s: %w", f.Name(), err)
		}
		h.fds[name] = fd
	}
	return h, nil
}

// Close closes the duplicates.
func (h *Held) Close() {
	for name, fd := range h.fds {
		_ = syscall.Close(fd)
		delete(h.fds, name)
	}
}

// Exec executes a program in this process. The program inherits the held files
// by name, and data: [Inherited] returns them there. If stderr is not nil, it
// is the program's standard error until [Inheritance.Ready]. Exec returns only
// if it fails; then nothing has changed.
func (h *Held) Exec(path string, args, env []string, data []byte, stderr *os.File) error {
	own := -1
	if stderr != nil {
		fd, err := descriptor(stderr)
		if err == nil {
			own, err = unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, firstFD)
		}
		if err == nil {
			err = replace(int(fd), 2)
		}
		if err != nil {
			return fmt.Errorf("the standard error of the next program: %w", err)
		}
	}
	text := fmt.Sprintf("%d %d\n%s\n%d", inPlaceProtocol, os.Getpid(), strconv.Quote(string(data)), own)
	for name, fd := range h.fds {
		text += fmt.Sprintf("\n%d %s", fd, strconv.Quote(name))
	}
	// No child may start meanwhile: it would inherit them.
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	h.inherited(own, true)
	err := syscall.Exec(path, args, append(env, inPlaceName+"="+text))
	h.inherited(own, false)
	if own >= 0 {
		_ = replace(own, 2)
		_ = syscall.Close(own)
	}
	return fmt.Errorf("executing %w", explain(path, err))
}

// inherited sets whether the next program inherits the descriptors.
func (h *Held) inherited(own int, yes bool) {
	flag := unix.FD_CLOEXEC
	if yes {
		flag = 0
	}
	for _, fd := range h.fds {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, flag)
	}
	if own >= 0 {
		_, _ = unix.FcntlInt(uintptr(own), unix.F_SETFD, flag)
	}
}

// inheritInPlace makes this process continue as the variable's text describes.
func inheritInPlace(text string) (*Inheritance, error) {
	h := &Inheritance{
		Kind: InPlace, Predecessor: os.Getpid(), files: map[string]int{},
		accepted: make(chan struct{}), settled: make(chan struct{}), gone: make(chan struct{}),
	}
	close(h.accepted)
	close(h.settled)
	close(h.gone)
	if err := h.decode(text); err != nil {
		return nil, fmt.Errorf("the environment variable %s: %w", inPlaceName, err)
	}
	for _, fd := range h.files {
		if err := closeOnExec(fd); err != nil {
			return nil, fmt.Errorf("descriptor %d should have been inherited: %w", fd, err)
		}
	}
	return h, nil
}

// decode reads the variable's text, which may be anything.
func (h *Inheritance) decode(text string) error {
	lines := strings.Split(text, "\n")
	var protocol, pid, own int
	if _, err := fmt.Sscanf(lines[0], "%d %d", &protocol, &pid); err != nil || len(lines) < 3 {
		return errors.New("its value was not written by a daemon: unset it")
	}
	switch {
	case protocol != inPlaceProtocol:
		return fmt.Errorf("its protocol is %d, and this program's is %d: the versions are too far apart; stop the daemon and start it", protocol, inPlaceProtocol)
	case pid != os.Getpid():
		return fmt.Errorf("it is meant for process %d, and this one is %d: a script stands between and must start the daemon "+
			"with exec, or the variable was inherited by accident: unset it", pid, os.Getpid())
	}
	data, err := strconv.Unquote(lines[1])
	if err == nil {
		own, err = strconv.Atoi(lines[2])
	}
	if err == nil && own >= 0 {
		err = closeOnExec(own)
		h.final = os.NewFile(uintptr(own), "stderr")
		_ = syscall.Fstat(2, &h.stderr)
	}
	for _, line := range lines[3:] {
		number, quoted, _ := strings.Cut(line, " ")
		fd, ferr := strconv.Atoi(number)
		name, nerr := strconv.Unquote(quoted)
		if _, twice := h.files[name]; err == nil && (twice || fd < 3) {
			err = fmt.Errorf("it names descriptor %d as %q", fd, name)
		}
		err = errors.Join(err, ferr, nerr)
		h.files[name] = fd
	}
	h.Data = []byte(data)
	return err
}

// GoOn is Exec for a daemon that has stopped completely in this process. If
// Exec fails, GoOn executes this program again (on Linux), with self as its
// arguments, and passes it the reason. It returns only if that fails, too. n is
// how many upgrades lead to the next program.
func (h *Held) GoOn(path string, args, self, env []string, n uint64, stderr *os.File) error {
	l := Luggage{Free: Awaited() == ""}
	err := h.Exec(path, args, withUpgrades(env, n), l.encode(), stderr)
	if runtime.GOOS == "linux" {
		l.Failed = err.Error()
		err = errors.Join(err, h.Exec("/proc/self/exe", self, withUpgrades(env, upgrades), l.encode(), stderr))
	}
	return err
}

// LastWords opens a log file for the output of a next program that fails before
// it opens the log itself: the output would be lost if this process's standard
// error is /dev/null. It returns nil if standard error is not /dev/null, or if
// the file cannot be opened.
func LastWords(path string) *os.File {
	null, err := os.Stat(os.DevNull)
	if err != nil || path == "" {
		return nil
	}
	if now, err := os.Stderr.Stat(); err == nil && !os.SameFile(null, now) {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	return f
}
