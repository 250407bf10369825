package legion

import (
	"fmt"
	"os"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/takeover"
)

// A restart, and an upgrade in which the process id stays, executes the next
// program in this process, when nothing is left of the daemon in it but what
// the next one goes on with: the listening sockets, in which connections wait
// meanwhile, and what plugins have kept, the lock for instance.

// holdOn holds for the next program what it goes on with.
func (d *Daemon) holdOn() {
	files, done, err := d.handOver()
	if err == nil {
		defer done()
		var held *takeover.Held
		if held, err = takeover.Hold(files); err == nil {
			d.succession.held = held
			return
		}
	}
	d.log.Warn("the next program opens anew what cannot be held for it", "err", err)
}

// letGo ends that, if there is no next program after all.
func (d *Daemon) letGo() {
	if d.succession.held == nil {
		return
	}
	for _, l := range d.listening() {
		l.RemoveFile()
	}
	d.succession.held.Close()
	d.succession.held = nil
}

// startAgain turns this process, in which nothing is left of the daemon, or
// only what did not end in time, into the next program. It returns only if that
// fails.
func (d *Daemon) startAgain() error {
	held := d.succession.held
	if held == nil {
		held, _ = takeover.Hold(nil)
	}
	stderr := takeover.LastWords(d.config.LogFile)
	if dir := d.whereStarted(); dir != "" {
		_ = os.Chdir(dir) // if it vanishes at this moment, the next program starts where this one is
	}
	self := proc.Args()
	if len(self) > 0 {
		self[0] = executable
	}
	path, args := d.command()
	err := fmt.Errorf("legion: restarting %s: %w", d.config.Name, held.GoOn(path, args, self, successorEnv(), stderr))
	if stderr != nil {
		fmt.Fprintln(stderr, err)
	}
	d.letGo()
	return err
}
