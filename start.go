package legion

import (
	"context"
	"fmt"
	"os"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/concurrent"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/passing"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/takeover"
)

// Start starts the daemon and returns when Init has run and every pool has its
// minimum of workers. If it returns an error, nothing is left running. ctx
// bounds only the start. In a worker process Start never returns.
//
// A program with other work, such as a web service, must still end with the
// daemon: an operator, an upgrade, a worker with StopDaemon or a plugin may
// stop it, and from then on all calls end with ErrStopped. So main waits for
// [Daemon.Wait] beside its other work, shuts that down when Wait returns, and
// returns too. Daemon.Serve does this for servers; examples/embedded shows it.
func (d *Daemon) Start(ctx context.Context) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	return d.start(ctx)
}

// enter tells which process this is: a worker, which serves and does not
// return, the one that starts a daemon in the background, which does not return
// either, or the daemon's.
func (d *Daemon) enter(ctx context.Context) error {
	if d.isWorker() && d.life.Serve() {
		d.serve()
	}
	if err := d.life.Enter(d.refuseToFork); err != nil {
		return err
	}
	d.endTrial()
	if failed := takeover.Carried().Failed; failed != "" {
		d.log.Error("the next program has not been executed, and this one goes on", "err", failed)
	}
	d.goToBackground(ctx)
	return nil
}

func (d *Daemon) start(ctx context.Context) error {
	go func() {
		defer close(d.loopEnd)
		defer d.begin("the loop's goroutine was ended") // by runtime.Goexit; otherwise a stop ends it
		_ = d.loop.Run(context.Background())            // it fails only if called twice
	}()
	err := d.startUp(ctx)
	if err == nil {
		d.startServers()
		d.place.memoryAtStart, _ = host.Memory()
		err = d.life.EnterRunning() // before other processes learn that it runs
	}
	if err == nil {
		if err = d.tellPredecessor(nil); err == nil {
			d.ownListeners()
			d.control.Serve()
		}
	} else {
		err = fmt.Errorf("legion: starting %s: %w", d.config.Name, err)
		_ = d.tellPredecessor(err)
	}
	if err != nil {
		if takeover.GoesOn() { // the caller was told that it would start
			d.log.Error("the next program does not start, and the daemon ends", "err", err)
		}
		if !d.begin("the start failed") { // Stop came while it started
			err = fmt.Errorf("legion: starting %s: %w while it started", d.config.Name, ErrStopped)
		}
		<-d.life.Stopped()
		return d.life.WithFailure(err)
	}
	d.log.Info("started", "pid", os.Getpid())
	announce(d, event.Started{})
	d.startLoops()
	d.startCrons()
	d.doDeferred()
	d.restartEvery()
	d.watchLoop()
	return nil
}

// startUp does the steps of a start in order.
func (d *Daemon) startUp(ctx context.Context) error {
	// A stop during the start ends it too.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.life.Closing(), cancel)()

	if err := d.settle(); err != nil {
		return err
	}
	if err := d.openLogs(false); err != nil {
		return err
	}
	passing.Inherit(d.succession.memories(), d.Inherited, d.log.Logger)
	if err := d.plugins.Start(ctx); err != nil {
		return err
	}
	if err := d.openControl(ctx); err != nil {
		return err
	}
	for _, l := range d.declared.listeners {
		if err := l.Open(ctx); err != nil {
			return err
		}
	}
	if err := d.drop(); err != nil {
		return err
	}
	if err := d.openLogs(true); err != nil {
		return err
	}
	if err := d.checkLimits(); err != nil {
		return err
	}
	for _, fn := range d.declared.init {
		if err := d.onLoop(ctx, func() error { return d.initialise(ctx, fn) }); err != nil {
			return fmt.Errorf("Init: %w", err)
		}
	}
	announce(d, event.Init{})
	if err := d.declared.shared.Load(ctx, d.life.Closing()); err != nil {
		return err
	}
	d.adoptOrphans()
	reuse.AllowFloor()
	return d.startPools(ctx)
}

// initialise calls a function of Init with a context that lives as long as the
// daemon, but ends with ctx while the function runs: so an interrupted start
// ends.
func (d *Daemon) initialise(ctx context.Context, fn func(context.Context) error) error {
	live, cancel := context.WithCancel(d.life.Live())
	defer context.AfterFunc(ctx, cancel)()
	return fn(live)
}

// startPools starts all pools at the same time, and waits for them.
func (d *Daemon) startPools(ctx context.Context) error {
	stopped := false
	d.life.With(func(now life.State) { // a stop finds all pools, or no pool
		if stopped = now != life.Starting; stopped {
			return
		}
		for _, p := range d.declared.pools {
			p.running.Store(d.newPool(p))
		}
	})
	if stopped {
		return ErrStopped
	}
	return concurrent.All(d.declared.pools, func(p *declaredPool) error {
		return startFailure(p.name, p.running.Load().Start(ctx))
	})
}
