package cli

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/client"
)

// silence reports whether err says that a daemon exists but does not answer,
// and returns its process, 0 if that is not known.
func silence(err error) (pid int, silent bool) {
	mute, locked := (*client.NoAnswerError)(nil), (*lockedError)(nil)
	switch {
	case errors.As(err, &mute):
		return mute.PID, true
	case errors.As(err, &locked):
		return locked.lock.PID, true
	}
	return 0, false
}

// killPatience is how long a process that was killed may take to end: it may be
// in the kernel, writing to a disk.
const killPatience = 10 * time.Second

// kill ends a daemon's process, and so its workers. On a terminal it asks the
// user first. why says what was tried before.
func (o *stopOptions) kill(in *Invocation, pid int, why error) error {
	name := clean(in.remote.name())
	if pid <= 0 {
		return fmt.Errorf("%w; it cannot be killed from here, because its process is not visible here", why)
	}
	process, err := os.FindProcess(pid) // refers to the process, not to its number, where the system can
	if err != nil {
		return fmt.Errorf("killing %s, pid %d: %w", name, pid, err)
	}
	defer func() { _ = process.Release() }()
	gone, forget := watchProcess(pid)
	defer forget()
	if in.terminal() {
		in.program.stderr.printf("%s: %s\nKill process %d and its workers now? Running calls are lost. [y/N] ", in.program.name, clean(in.program.explain(why)), pid)
		answer, _ := bufio.NewReader(in.Stdin).ReadString('\n')
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
			return exit(ExitFailed, "%s, pid %d, was not killed", name, pid)
		}
	}
	if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing %s, pid %d: %w", name, pid, err)
	}
	select {
	case <-gone:
	case <-time.After(killPatience):
		return exit(ExitFailed, "%s, pid %d, was killed, but has not ended within %v: the kernel still has it, waiting for a disk or a network perhaps", name, pid, killPatience)
	}
	in.say("%s, pid %d, was killed", name, pid)
	return nil
}

// terminal reports whether the user can be asked.
func (in *Invocation) terminal() bool {
	f, ok := in.Stdin.(*os.File)
	if !ok || !in.program.stderr.terminal {
		return false
	}
	_, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil
}
