package legion

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/loop"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/proc"
)

// Daemon is a program made of one loop and pools of worker processes. Declare
// everything, then Start or Run it. Its methods may be used from any goroutine,
// but declarations belong into one.
type Daemon struct {
	config Config
	log    *slog.Logger
	loop   *loop.Loop
	pools  []*declaration

	init, teardown []func(context.Context) error
	ticks          []tick
	tickers        []*loop.Ticker
	inProcess      bool

	mu      sync.Mutex
	state   state
	stopWhy error              // why it is stopping, if not by will
	cancel  context.CancelFunc // ends the contexts of callbacks
	loopEnd chan struct{}      // the loop's goroutine has ended
	hurry   chan struct{}      // closed when stopping is not to wait for anything
	stopped chan struct{}
	endErr  error // what went wrong while stopping
	ending  []func() error
}

type state int

const (
	declared state = iota
	starting
	running
	stopping
	ended
)

// tick is a declared Every.
type tick struct {
	interval time.Duration
	fn       func(context.Context) error
}

// New begins the declaration of a daemon. It panics if the configuration is not
// valid.
func New(c Config) *Daemon {
	if err := checkName(c.Name); err != nil {
		panic(fmt.Sprintf("legion: Config.Name %q: %v", c.Name, err))
	}
	if c.StopTimeout < 0 {
		panic("legion: Config.StopTimeout must not be negative")
	}
	or(&c.StopTimeout, defaultStopTimeout)
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	d := &Daemon{
		config: c, log: c.Logger.With("daemon", c.Name),
		loopEnd: make(chan struct{}), hurry: make(chan struct{}), stopped: make(chan struct{}),
	}
	d.loop = loop.New(loop.Config{Panic: d.panicked, Precise: true})
	return d
}

// Pool returns the control of the pool of that name: of a Worker, a Task, a
// StreamWorker or NewWorkers.
func (d *Daemon) Pool(name string) (*Supervisor, error) {
	var names []string
	for _, p := range d.pools {
		if p.name == name {
			return &Supervisor{p}, nil
		}
		names = append(names, p.name)
	}
	return nil, fmt.Errorf("legion: daemon %s has no pool %q; it has %q", d.config.Name, name, names)
}

// Name returns Config.Name.
func (d *Daemon) Name() string { return d.config.Name }

// Init has fn called on the loop when the daemon starts, in the daemon's process
// alone, before its workers start: so it cannot call them. Several are called in
// order. An error stops the start.
func (d *Daemon) Init(fn func(context.Context) error) {
	d.mustDeclare("Init")
	d.init = append(d.init, fn)
}

// Teardown has fn called on the loop when the daemon stops, after its workers
// have ended. Several are called in reverse order. Errors are returned by Wait
// and Stop. The context ends with what is left of StopTimeout.
func (d *Daemon) Teardown(fn func(context.Context) error) {
	d.mustDeclare("Teardown")
	d.teardown = append(d.teardown, fn)
}

// Every has fn called on the loop when the daemon has started, and then at every
// interval. The n-th call is due n intervals after the first: there is no drift.
// A call that is late is made once, and those missed meanwhile are counted in
// the statistics.
// Interval 0 means again and again, with a short pause in which others have
// their turn. An error or a panic is logged, and the loop goes on. The context
// ends when the daemon stops.
func (d *Daemon) Every(interval time.Duration, fn func(context.Context) error) {
	d.mustDeclare("Every")
	if interval < 0 {
		panic(fmt.Sprintf("legion: Every(%v): the interval must not be negative", interval))
	}
	d.ticks = append(d.ticks, tick{interval, fn})
}

// InProcess has the workers run as goroutines of this process: for unit tests
// and debuggers. Arguments and results still travel through the codec, but
// nothing protects the process, limits do not hold, and a function that does not
// end when its context does goes on in the background after its call was
// answered.
func (d *Daemon) InProcess() {
	d.mustDeclare("InProcess")
	d.inProcess = true
}

func (d *Daemon) mustDeclare(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != declared {
		panic(fmt.Sprintf("legion: %s: daemon %s has been started; declare everything before Start or Run", what, d.config.Name))
	}
}

// whyNot says why functions cannot be called now.
func (d *Daemon) whyNot() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case proc.Self() != nil:
		return "this is a worker process; functions are called from the daemon"
	case d.state == declared:
		return "the daemon has not been started"
	case d.state == starting:
		return "the daemon is starting; its workers start after Init"
	}
	return "the daemon has stopped"
}

// Start starts the daemon and returns when Init has run and every pool has the
// workers that it always keeps, or with the reason why not; then nothing is left
// running. ctx bounds the start alone. In a worker process Start never returns.
func (d *Daemon) Start(ctx context.Context) error {
	if d.isWorker() {
		d.serve()
	}
	if err := d.mayStart(); err != nil {
		return err
	}
	live, cancel := context.WithCancel(context.WithValue(context.Background(), onLoop{}, d))
	d.mu.Lock()
	d.cancel = cancel
	d.mu.Unlock()
	go func() {
		defer close(d.loopEnd)
		_ = d.loop.Run(context.Background()) // an error would be that of a second Run
	}()
	err := d.startUp(ctx, live)
	d.mu.Lock()
	asked := d.state == stopping // Stop came while it started
	if err == nil && !asked {
		d.state = running
	}
	d.mu.Unlock()
	switch {
	case err != nil:
		d.begin(nil)
		<-d.stopped
		return fmt.Errorf("legion: starting %s: %w", d.config.Name, err)
	case asked:
		<-d.stopped
		return fmt.Errorf("legion: starting %s: %w while it started", d.config.Name, ErrStopped)
	}
	d.log.Info("started", "pid", os.Getpid())
	return nil
}

// mayStart begins the start, once.
func (d *Daemon) mayStart() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != declared {
		return fmt.Errorf("legion: starting %s: it has been started before; a daemon starts once", d.config.Name)
	}
	if err := d.refuseToFork(); err != nil {
		return err
	}
	d.state = starting
	return nil
}

// startUp is the order of a start.
func (d *Daemon) startUp(ctx, live context.Context) error {
	for _, fn := range d.init {
		if err := d.onLoop(ctx, func() error { return fn(live) }); err != nil {
			return fmt.Errorf("Init: %w", err)
		}
	}
	errs := make(chan error, len(d.pools))
	for _, p := range d.pools {
		p.running.Store(d.newPool(p))
	}
	for _, p := range d.pools {
		go func() {
			err := p.running.Load().Start(ctx)
			if err != nil {
				err = fmt.Errorf("pool %s: %w", p.name, err)
			}
			errs <- err
		}()
	}
	var all []error
	for range d.pools {
		all = append(all, <-errs)
	}
	if err := errors.Join(all...); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.ticks {
		d.tickers = append(d.tickers, d.loop.Every(t.interval, func() {
			if live.Err() != nil {
				return // stopping
			}
			if err := t.fn(live); err != nil && live.Err() == nil {
				d.log.Error("a function of the loop failed", "err", err)
			}
		}))
	}
	return nil
}

// onLoop runs fn on the loop and waits for it. A panic is an error.
func (d *Daemon) onLoop(ctx context.Context, fn func() error) error {
	result := make(chan error, 1)
	posted := d.loop.Post(func() {
		err := errors.New("it ended the goroutine of the loop")
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v", v)
			}
			result <- err
		}()
		err = fn()
	})
	if !posted {
		return ErrStopped
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("it did not end in time: %w", context.Cause(ctx))
	}
}

// post has fn called on the loop. After the daemon's end nothing is called.
func (d *Daemon) post(fn func()) { d.loop.Post(fn) }

// panicked takes the panic of a callback: the loop goes on.
func (d *Daemon) panicked(v any, stack []byte) {
	d.log.Error("a function of the loop panicked", "panic", fmt.Sprint(v), "stack", string(stack))
}

// onLoop is the key that marks contexts of callbacks.
type onLoop struct{}

// Run starts the daemon and waits for its end, which comes with Stop, with the
// end of ctx, or with SIGTERM or SIGINT; a second signal does not wait for calls
// that run. In a worker process Run never returns.
func (d *Daemon) Run(ctx context.Context) error {
	if d.isWorker() {
		d.serve()
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)
	over := make(chan struct{})
	defer close(over)
	go func() {
		for n := 1; ; n++ {
			select {
			case s := <-signals:
				d.log.Info("stopping", "signal", s.String())
				if n > 1 {
					d.hasten()
				}
			case <-ctx.Done():
				ctx = context.WithoutCancel(ctx)
			case <-over:
				return
			}
			d.begin(nil)
		}
	}()
	if err := d.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return d.Wait()
}

// Wait waits until the daemon has stopped and returns what went wrong with that,
// or nil. Before Start it returns at once.
func (d *Daemon) Wait() error {
	d.mu.Lock()
	idle := d.state == declared
	d.mu.Unlock()
	if idle {
		return fmt.Errorf("legion: waiting for %s: it has not been started", d.config.Name)
	}
	<-d.stopped
	return d.endErr
}

// Stop stops the daemon and waits until nothing of it is left: calls that run are
// finished, those that are not done when little of StopTimeout is left are
// cancelled, and workers that do not end are killed. When ctx ends, it does not
// wait for calls any longer. Called with the context of a callback, that is on
// the loop, it only begins to stop. It may be called again, and before Start,
// which then fails.
func (d *Daemon) Stop(ctx context.Context) error {
	if ctx.Value(onLoop{}) == d {
		d.begin(nil)
		return nil
	}
	d.begin(nil)
	select {
	case <-d.stopped:
	case <-ctx.Done():
		d.hasten()
		<-d.stopped
	}
	return d.endErr
}

// hasten ends the patience of a stop.
func (d *Daemon) hasten() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.hurry:
	default:
		close(d.hurry)
	}
}

// begin begins to stop, once.
func (d *Daemon) begin(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.state {
	case declared:
		d.state = ended
		close(d.stopped)
	case starting, running:
		d.state, d.stopWhy = stopping, why
		go d.shutDown()
	}
}

// shutDown is the order of a stop.
func (d *Daemon) shutDown() {
	deadline := time.Now().Add(d.config.StopTimeout)
	d.mu.Lock()
	cancel, pools := d.cancel, d.pools
	errs := []error{d.stopWhy}
	d.mu.Unlock()
	if cancel != nil {
		cancel() // the loop's callbacks are to end
	}
	d.stopPools(pools, deadline)
	ctx, done := context.WithDeadline(context.WithValue(context.Background(), onLoop{}, d), deadline.Add(time.Second))
	defer done()
	for i := len(d.teardown) - 1; i >= 0 && cancel != nil; i-- {
		if err := d.onLoop(ctx, func() error { return d.teardown[i](ctx) }); err != nil {
			errs = append(errs, fmt.Errorf("Teardown: %w", err))
		}
	}
	d.loop.Stop()
	if cancel != nil {
		select {
		case <-d.loopEnd:
		case <-ctx.Done():
			errs = append(errs, errors.New("a function of the loop has not ended"))
		}
	}
	for _, f := range d.ending {
		errs = append(errs, f())
	}
	if err := errors.Join(errs...); err != nil {
		d.endErr = fmt.Errorf("legion: stopping %s: %w", d.config.Name, err)
	}
	d.log.Info("stopped")
	d.mu.Lock()
	d.state = ended
	d.mu.Unlock()
	close(d.stopped)
}

// stopPools stops all pools at the same time.
func (d *Daemon) stopPools(pools []*declaration, deadline time.Time) {
	var all sync.WaitGroup
	finished := make(chan struct{})
	var running []*pool.Pool
	for _, p := range pools {
		if r := p.running.Load(); r != nil {
			running = append(running, r)
		}
	}
	for _, p := range running {
		all.Go(func() { p.Stop(time.Until(deadline)) })
	}
	go func() {
		select {
		case <-d.hurry:
			for _, p := range running {
				all.Go(func() { p.Stop(0) })
			}
		case <-finished:
		}
	}()
	all.Wait()
	close(finished)
}

// atEnd has f called when everything else has ended.
func (d *Daemon) atEnd(f func() error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ending = append(d.ending, f)
}
