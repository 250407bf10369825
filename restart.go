package legion

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// restartMark tells a process that it goes on with a daemon which has restarted
// in place: it is in the background already, if it is to be.
const restartMark = "_LEGION_RESTARTED"

// restarted is read and removed before main: neither the program nor what it
// starts sees the mark.
var restarted = func() bool {
	_, is := os.LookupEnv(restartMark)
	_ = os.Unsetenv(restartMark) // it is well-formed
	return is
}()

// Restart stops the daemon and has Run start it anew in the same process id, with
// the program that then stands at its path, or Config.Command. Calls that run are
// finished; those in the meantime find nobody: Upgrade loses none, but has two
// processes at the same time. It returns at once. A daemon that was started by
// Start, not by Run, cannot do it. One that has become another user starts as that
// user, so what needs root cannot be opened anew: Upgrade hands it over. Stop, and
// a signal that stops, count more than a restart that is under way.
func (d *Daemon) Restart() error { return d.again("Restart") }

// again has Run start the daemon anew when it has stopped.
func (d *Daemon) again(who string) error {
	for _, p := range d.madePlugins() {
		if r, ok := p.(RestartGuard); ok {
			if err := r.MayRestart(); err != nil {
				return fmt.Errorf("legion: restarting %s: plugin %s: %w", d.config.Name, p.Name(), err)
			}
		}
	}
	d.mu.Lock()
	switch {
	case !d.ran:
		d.mu.Unlock()
		return errors.New("legion: this daemon is part of another program (Start, not Run), which must restart it itself")
	case d.state != running || d.replaced:
		d.mu.Unlock()
		return fmt.Errorf("legion: restarting %s: %w", d.config.Name, ErrStopped)
	}
	d.rerun = true
	d.mu.Unlock()
	d.begin("a restart was asked for by " + who)
	return nil
}

// restarts reports whether Run is to start the daemon anew when it has stopped.
func (d *Daemon) restarts() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rerun && !d.replaced
}

// startAgain turns this process, in which nothing is left of the daemon, or what
// did not end in time, into a new one. It returns only if that fails.
func (d *Daemon) startAgain() error {
	if dir := d.whereStarted(); dir != "" {
		if err := os.Chdir(dir); err != nil {
			return fmt.Errorf("legion: restarting %s: %w", d.config.Name, err)
		}
	}
	path, args := d.command()
	err := syscall.Exec(path, args, append(successorEnv(), restartMark+"=1"))
	return fmt.Errorf("legion: restarting %s: executing %s: %w", d.config.Name, path, err)
}
