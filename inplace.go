package legion

import (
	"fmt"
	"os"

	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/takeover"
)

// A restart, and an upgrade in which the process id stays, executes the next
// program in this process, when nothing is left of the daemon but what the next
// one needs: the listening sockets, in which connections wait meanwhile, and
// the plugins' files, such as the lock.

// holdOn holds sockets and files for the next program.
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
	d.log.Warn("sockets and files cannot be held for the next program, which opens them again", "err", err)
}

// letGo releases them, if no next program runs after all.
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

// startAgain executes the next program in this process, after the daemon's
// stop. It returns only on failure.
func (d *Daemon) startAgain() error {
	held := d.succession.held
	if held == nil {
		held, _ = takeover.Hold(nil)
	}
	stderr := takeover.LastWords(d.config.LogFile)
	if dir := d.place.Started(); dir != "" {
		_ = os.Chdir(dir) // if it vanishes now, the next program starts in the current directory
	}
	self := proc.Args()
	if len(self) > 0 {
		self[0] = executable
	}
	path, args := d.command()
	upgrades := methods.Changes(d.succession.changes)["upgrade"].OK // with the one that this may be
	err := fmt.Errorf("legion: restarting %s: %w", d.config.Name, held.GoOn(path, args, self, takeover.Environ(), upgrades, stderr))
	if stderr != nil {
		fmt.Fprintln(stderr, err)
	}
	d.letGo()
	return err
}
