package legion

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/concurrent"
	"github.com/legion-go/legion/internal/takeover"
	"github.com/legion-go/legion/status"
)

// How long a new process may take to become ready, and how long it must stay
// ready before the old process ends. Tests shorten them.
var upgradeTimeout, upgradeSettle = time.Minute, time.Second

// Upgrade starts the program that is now at the daemon's path, or
// Config.Command, beside this process. The new process takes over the listeners
// and the plugins' files, such as the lock, and becomes ready; then this one
// finishes its calls and stops. If the new process fails, hangs or dies, this
// one continues as before, and the error says why. Run calls Upgrade on
// SIGUSR2. On the loop it returns an error.
//
// If the process id must not change (see [PIDPolicy]), the program is tried as
// in Restart; then this process finishes its calls and executes the program in
// its place. The listeners stay open, so connections wait meanwhile and are not
// refused. Upgrade returns when the stop begins. A daemon started by Start, not
// by Run, cannot do this: Upgrade returns an error.
//
// In the new process of an upgrade, Upgrade waits until that upgrade is
// settled.
func (d *Daemon) Upgrade(ctx context.Context) error {
	if d.loop.OnLoop() {
		return fmt.Errorf("legion: upgrading %s: it cannot be done on the loop, which must run meanwhile: use a goroutine", d.config.Name)
	}
	_, err := d.upgrade(ctx)
	return err
}

// upgrade is Upgrade, and returns what it did.
func (d *Daemon) upgrade(ctx context.Context) (u status.Upgrade, err error) {
	u = status.Upgrade{Old: os.Getpid(), From: d.release()}
	err = d.change(ctx, "an upgrade", func(ctx context.Context) error {
		why := d.pidStays()
		if why == "" {
			return d.upgradeToNew(ctx, &u)
		}
		u.PID, u.InPlace = u.Old, true
		if err := d.runs(); err != nil {
			return fmt.Errorf("the process id must not change, because %s, and this process cannot execute the new program: %w", why, err)
		}
		u.To, err = d.again(ctx, "an upgrade in place, because "+why)
		if err == nil {
			d.log.Info("upgrading in place", "pid", u.PID, "from", u.From, "to", u.To, "why", why)
		}
		return err
	})
	if err != nil {
		return u, fmt.Errorf("legion: upgrading %s: %w", d.config.Name, err)
	}
	return u, nil
}

// change calls fn, which replaces the process, in its turn: after other
// changes, and after the upgrade that made this process is settled. A stop
// meanwhile ends its context. what is its name in the status.
func (d *Daemon) change(ctx context.Context, what string, fn func(context.Context) error) (err error) {
	defer func() { err = d.unlessStopped(err) }()
	end, err := d.succession.changes.Enter(ctx, what)
	if err != nil {
		return err
	}
	defer func() { end(err) }()
	done := func() {}
	if err := d.life.WhileRunning(func() { done = d.owned.Begin("an upgrade") }); err != nil {
		return err
	}
	defer done() // a stop waits for it
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.life.Closing(), cancel)()
	select {
	case <-d.settled():
	case <-ctx.Done():
		return fmt.Errorf("waiting for the upgrade before: %w", ctx.Err())
	}
	if err = fn(ctx); err != nil && d.life.StopsForGood() {
		err = fmt.Errorf("%w: %w: %w", ErrStopped, errOverruled, err)
	}
	return err
}

// errOverruled says that a stop was requested after the change: the last
// request counts.
var errOverruled = errors.New("a stop came meanwhile")

var always = func() <-chan struct{} { c := make(chan struct{}); close(c); return c }()

// settled is closed when no previous process watches this one: until then that
// one would continue as before if this one ended.
func (d *Daemon) settled() <-chan struct{} {
	if upgraded := d.succession.accepted.Load(); upgraded {
		return takeover.Inherited().Settled()
	}
	return always
}

// upgradeToNew upgrades to another process.
func (d *Daemon) upgradeToNew(ctx context.Context, u *status.Upgrade) error {
	next, err := d.takeOver(ctx)
	if err != nil {
		d.succession.deaths.Stay()
		return fmt.Errorf("the daemon goes on as before: %w", err)
	}
	u.PID, u.To = next.PID(), parseRelease(next.Told())
	if err := d.life.Replaced(u.PID); err != nil { // a stop at the last moment is meant for the daemon, not for this process alone
		next.Stop(d.config.StopTimeout)
		return err
	}
	d.log.Info("upgraded", "pid", u.Old, "new", u.PID, "from", u.From, "to", u.To)
	for _, l := range d.listening() {
		l.GiveAway()
	}
	d.tellPIDChanged(ctx, u.PID)
	d.begin(fmt.Sprintf("process %d has taken over", u.PID))
	return nil
}

// tellPIDChanged emits PIDChanged, with a limit of time: the loop may hang.
func (d *Daemon) tellPIDChanged(ctx context.Context, pid int) {
	ctx, told := context.WithTimeout(ctx, min(d.config.StopTimeout/4, time.Second))
	defer told()
	_ = Emit(ctx, d, event.PIDChanged{Old: os.Getpid(), New: pid})
}

// takeOver starts the new process and returns it once it serves.
func (d *Daemon) takeOver(ctx context.Context) (*takeover.Successor, error) {
	files, done, err := d.handOver()
	if err != nil {
		return nil, err
	}
	defer done()
	d.log.Info("upgrading")
	path, args := d.command()
	return takeover.Start(ctx, takeover.Spec{
		Path: path, Args: args, Env: takeover.Environ(), Kind: takeover.Upgrade, Files: files, Dir: d.place.Started(),
		Stdout: os.Stdout, Stderr: os.Stderr, Timeout: upgradeTimeout, Settle: upgradeSettle, Leave: d.config.StopTimeout,
	})
}

// restart upgrades, unless a handler of AutoRestart vetoes it.
func (d *Daemon) restart(reason string) {
	if d.succession.restarting.Swap(true) {
		return // one is enough
	}
	if err := Emit(d.life.Closing(), d, event.AutoRestart{Reason: reason}); err != nil {
		d.succession.restarting.Store(false)
		return
	}
	d.log.Info("restarting", "why", reason)
	d.aside("restart", func(ctx context.Context) error {
		err := d.Upgrade(ctx)
		d.succession.restarting.Store(err == nil) // after a failure the next reason counts again
		return err
	})
}

// aside does slow work in a goroutine. Its failure becomes a Failure event.
func (d *Daemon) aside(what string, do func(context.Context) error) {
	d.owned.Go(what, func() {
		if err := do(d.life.Closing()); err != nil && d.life.Closing().Err() == nil {
			d.reportSoon(what, err)
		}
	})
}

// restartEvery restarts at the interval of Config.RestartEvery.
func (d *Daemon) restartEvery() {
	if d.config.RestartEvery <= 0 {
		return
	}
	d.owned.Go("the wait for RestartEvery", func() {
		concurrent.Every(d.life.Closing(), d.config.RestartEvery, func() { d.restart("RestartEvery") })
	})
}

// restartAfterPanic restarts if MinUptime is set, and the daemon has been up
// for at least that long.
func (d *Daemon) restartAfterPanic() {
	up := time.Since(d.life.Started())
	if d.config.MinUptime > 0 && up >= d.config.MinUptime {
		d.owned.Go("a restart", func() { d.restart("a panic in a function of the loop") })
	}
}
