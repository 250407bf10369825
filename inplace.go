package legion

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/takeover"
)

// A restart, and an upgrade in which the process id stays, executes the next
// program in this process, when nothing is left of the daemon in it but what the
// next one goes on with: the listening sockets, in which connections wait
// meanwhile, and what plugins have kept, the lock for instance.

// inPlace reports whether this process goes on with a daemon that was in it before.
func inPlace() bool {
	h := takeover.Inherited()
	return h != nil && h.Kind == takeover.InPlace
}

// luggage is what the program before has told this one.
type luggage struct {
	free   bool   // no other process waits for this one
	failed string // why it is not another program that was executed; "" if it is
}

func (l luggage) encode() []byte { return fmt.Appendf(nil, "%t\n%s", l.free, l.failed) }

// carried is this process's.
func carried() (l luggage) {
	if inPlace() {
		free, failed, _ := strings.Cut(string(takeover.Inherited().Data), "\n")
		l = luggage{free: free == "true", failed: failed}
	}
	return l
}

// holdOn holds for the next program what it goes on with.
func (d *Daemon) holdOn() {
	files, done, err := d.handOver()
	if err == nil {
		defer done()
		var held *takeover.Held
		if held, err = takeover.Hold(files); err == nil {
			d.held = held
			return
		}
	}
	d.log.Warn("the next program opens anew what cannot be held for it", "err", err)
}

// letGo ends that, if there is no next program after all.
func (d *Daemon) letGo() {
	if d.held == nil {
		return
	}
	for _, l := range d.listening() {
		l.RemoveFile()
	}
	d.held.Close()
	d.held = nil
}

// startAgain turns this process, in which nothing is left of the daemon, or what
// did not end in time, into the next program. It returns only if that fails.
func (d *Daemon) startAgain() error {
	held := d.held
	if held == nil {
		held, _ = takeover.Hold(nil)
	}
	stderr := d.lastWords()
	if dir := d.whereStarted(); dir != "" {
		_ = os.Chdir(dir) // if it vanishes at this moment, the next program starts where this one is
	}
	l := luggage{free: awaited() == ""}
	path, args := d.command()
	err := held.Exec(path, args, successorEnv(), l.encode(), stderr)
	if runtime.GOOS == "linux" {
		// It was there when it was tried. This program goes on, and says so.
		l.failed = err.Error()
		args = proc.Args()
		if len(args) > 0 {
			args[0] = executable
		}
		err = errors.Join(err, held.Exec("/proc/self/exe", args, successorEnv(), l.encode(), stderr))
	}
	err = fmt.Errorf("legion: restarting %s: %w", d.config.Name, err)
	if stderr != nil {
		fmt.Fprintln(stderr, err)
	}
	d.letGo()
	return err
}

// lastWords returns the log file if what the next program prints before it has
// opened that, because it cannot start, would be lost.
func (d *Daemon) lastWords() *os.File {
	null, err := os.Stat(os.DevNull)
	if err != nil || d.config.LogFile == "" {
		return nil
	}
	if now, err := os.Stderr.Stat(); err == nil && !os.SameFile(null, now) {
		return nil
	}
	f, err := os.OpenFile(d.config.LogFile, os.O_WRONLY|os.O_APPEND|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	return f
}
