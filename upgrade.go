package legion

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/legion-go/legion/internal/takeover"
)

// AutoRestart is emitted before the daemon restarts itself, because of
// Config.RestartEvery or Config.MinUptime. StopPropagation leaves out the
// restart.
type AutoRestart struct{ Reason string }

// PIDChanged is emitted in the old process of an upgrade when the new one has
// taken over.
type PIDChanged struct{ Old, New int }

// How long a new process may take to become ready, and how long it must have
// lived as a ready one before the old process goes. Tests shorten them.
var upgradeTimeout, upgradeSettle = time.Minute, time.Second

// Upgrade starts the program that now stands at the daemon's path, or
// Config.Command, beside this process. The new process takes over the listeners
// and what plugins have kept, the lock for instance, and becomes ready; then
// this one finishes its calls and stops. If the new process fails, hangs or dies,
// this one goes on as before, and the error says why. Run does it on SIGUSR2. It
// must not be called on the loop.
func (d *Daemon) Upgrade(ctx context.Context) error {
	if d.loop.OnLoop() {
		return fmt.Errorf("legion: upgrading %s: not on the loop, which must go on meanwhile: use a goroutine", d.config.Name)
	}
	_, err := d.upgrade(ctx)
	return err
}

// upgrade is Upgrade, and returns the pid of the new process.
func (d *Daemon) upgrade(ctx context.Context) (pid int, err error) {
	d.changing.Lock()
	defer d.changing.Unlock()
	if err := d.mustRun(); err != nil {
		return 0, fmt.Errorf("legion: upgrading %s: %w", d.config.Name, err)
	}
	// A stop that comes meanwhile is one of the daemon, not of this process alone.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.closing, cancel)()
	if pid, err = d.takeOver(ctx); err != nil {
		return 0, fmt.Errorf("legion: upgrading %s, which goes on as before: %w", d.config.Name, err)
	}
	d.mu.Lock()
	d.replaced = true
	d.mu.Unlock()
	d.log.Info("upgraded", "pid", os.Getpid(), "new", pid)
	for _, l := range d.listening() {
		l.giveAway()
	}
	telling, told := context.WithTimeout(ctx, min(d.config.StopTimeout/4, time.Second)) // the loop may hang
	_ = Emit(telling, d, PIDChanged{Old: os.Getpid(), New: pid})
	told()
	d.begin(fmt.Sprintf("process %d has taken over", pid))
	return pid, nil
}

// takeOver starts the new process and returns its pid when it serves.
func (d *Daemon) takeOver(ctx context.Context) (int, error) {
	files, done, err := d.handOver()
	if err != nil {
		return 0, err
	}
	defer done()
	d.log.Info("upgrading")
	path, args := d.command()
	next, err := takeover.Start(ctx, takeover.Spec{
		Path: path, Args: args, Env: successorEnv(), Kind: takeover.Upgrade, Files: files, Dir: d.whereStarted(),
		Stdout: os.Stdout, Stderr: os.Stderr, Timeout: upgradeTimeout, Settle: upgradeSettle,
	})
	if err != nil {
		return 0, err
	}
	return next.PID(), nil
}

// restart upgrades, unless a handler of AutoRestart says no.
func (d *Daemon) restart(reason string) {
	if d.restarting.Swap(true) {
		return // one is enough
	}
	if err := Emit(d.closing, d, AutoRestart{Reason: reason}); err != nil {
		d.restarting.Store(false)
		return
	}
	d.log.Info("restarting", "why", reason)
	d.aside("restart", func(ctx context.Context) error {
		err := d.Upgrade(ctx)
		d.restarting.Store(err == nil) // after a failure the next reason counts again
		return err
	})
}

// aside does something that takes long beside the loop. Its failure becomes an
// Error event.
func (d *Daemon) aside(what string, do func(context.Context) error) {
	d.owned.Go(func() {
		if err := do(d.closing); err != nil && d.closing.Err() == nil {
			d.post(func() { d.report(what, err, false) })
		}
	})
}

// restartEvery restarts at the interval of Config.RestartEvery.
func (d *Daemon) restartEvery() {
	if d.config.RestartEvery <= 0 {
		return
	}
	d.owned.Go(func() {
		timer := time.NewTicker(d.config.RestartEvery)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
				d.restart("RestartEvery")
			case <-d.closing.Done():
				return
			}
		}
	})
}

// restartAfterPanic restarts if the daemon is to, and has been up for long
// enough.
func (d *Daemon) restartAfterPanic() {
	d.mu.Lock()
	up := time.Since(d.startedAt)
	d.mu.Unlock()
	if d.config.MinUptime > 0 && up >= d.config.MinUptime {
		d.owned.Go(func() { d.restart("a panic in a function of the loop") })
	}
}
