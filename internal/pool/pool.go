package pool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// Process is one worker process, as package proc makes them.
type Process interface {
	PID() int
	Quit() error
	Kill(by string) error
	Done() <-chan struct{}
	Exit() proc.Exit
	Memory() (uint64, error)
}

// Launcher starts worker number id and returns it with the daemon's end of its
// link. It may be called by several goroutines at once.
type Launcher func(id uint64) (Process, link.Conn, error)

// Hooks are called when something happens, without the pool's lock, on the
// goroutine where it happened. They must not block. Any may be nil.
type Hooks struct {
	Ready func(worker uint64, pid int, took time.Duration, seal wire.Seal)
	Died  func(d *Death)

	// Certified keeps a certificate, and names its kind if it is the first of that.
	// It comes before Died, and before the calls of the worker end.
	Certified func(c *Certificate) (number uint64, newKind string)

	Stuck      func(d *Death)      // SIGKILL has not ended a worker; Died follows if it ends later
	Kept       func(reason string) // workers due for replacement stay, because no replacement becomes ready
	Failed     func(reason string) // the pool has given up
	Quarantine func(Quarantine)
	Log        func(pid int, call uint64, record []byte)                            // call is the number of the call, 0 if the record belongs to none
	Loop       func(worker uint64, pid int, state wire.LoopState, fault wire.Fault) // state of a worker's own loop
	Stop       func(d string)                                                       // a looping worker has ended, and the daemon must stop
}

// Pool is the running supervisor of one set of workers.
type Pool struct {
	launch Launcher
	hooks  Hooks
	hashes []wire.FuncInfo // the functions that a worker must declare
	sealed bool            // and whether it must be sealed
	began  time.Time

	mu       sync.Mutex
	core     *core
	started  bool
	starting chan error // Start waits for the first workers
	rolls    []*roll
	replays  []*Pool // of one process each, that run; never changed in place

	poke    chan struct{}  // wakes the supervisor
	stopped chan struct{}  // closed when nothing runs any more
	members sync.WaitGroup // goroutines of members
}

// New makes a pool. Nothing runs before Start.
func New(cfg Config, funcs []wire.FuncInfo, launch Launcher, hooks Hooks) *Pool {
	p := &Pool{
		launch: launch, hooks: hooks, hashes: funcs, sealed: cfg.Sealed, began: time.Now(),
		core:    newCore(cfg, rand.Uint64()),
		poke:    make(chan struct{}, 1),
		stopped: make(chan struct{}),
	}
	p.core.tracer = proc.Tracer
	p.core.clock = func(w *worker) (time.Duration, bool) { return w.member.cpu() }
	return p
}

// now is the pool's clock: monotonic, so that setting the wall clock moves
// nothing. It is never 0, which means "none" in the core.
func (p *Pool) now() time.Duration { return time.Since(p.began) + 1 }

// step runs one step of the core under the lock, and then carries out its
// effects without it.
func (p *Pool) step(f func(k *core, fx *effects, now time.Duration)) {
	var fx effects
	p.mu.Lock()
	f(p.core, &fx, p.now())
	p.prepare(&fx)
	p.mu.Unlock()
	p.apply(&fx)
}

// prepare does the part of the effects that needs the lock.
func (p *Pool) prepare(fx *effects) {
	for _, a := range fx.acts {
		if a.op == opSpawn {
			a.w.marks = revokeAll{}
			a.w.member = &member{pool: p, w: a.w, protocol: newProtocol(p.core.cfg.Looping)}
			p.members.Add(1)
		}
		a.w.member.queueAct(a)
	}
	if len(p.rolls) > 0 {
		p.finishRolls(fx.news.kept)
	}
	if p.starting != nil {
		k := p.core
		switch {
		case k.bootFail > 0 || k.state == StateFailed:
			p.starting <- fmt.Errorf("its first worker did not start: %w", &BootError{k.last})
			p.starting = nil
		case k.state >= StateStopping:
			p.starting <- errors.New("it was stopped while it started")
			p.starting = nil
		case int(k.counts.Ready) >= k.minimum():
			p.starting <- nil
			p.starting = nil
		}
	}
}

// apply carries out effects, without the lock.
func (p *Pool) apply(fx *effects) { p.applyWith(fx, p.sendAside) }

func (p *Pool) applyWith(fx *effects, send func(send)) {
	p.certify(fx.endings)
	for i := range fx.sends.n {
		send(fx.sends.at(i))
	}
	for _, a := range fx.acts {
		a.w.member.do(a)
	}
	for i := range fx.answers.n {
		fx.answers.at(i).letGo()
	}
	if fx.poke {
		p.wake()
	}
	p.tell(fx.news)
}

func (p *Pool) tell(n news) {
	for _, d := range n.stuck {
		if p.hooks.Stuck != nil {
			p.hooks.Stuck(d)
		}
	}
	if n.failed != "" && p.hooks.Failed != nil {
		p.hooks.Failed(n.failed)
	}
	if n.kept != "" && p.hooks.Kept != nil {
		p.hooks.Kept(n.kept)
	}
	for _, q := range n.quarantines {
		if p.hooks.Quarantine != nil {
			p.hooks.Quarantine(q)
		}
	}
}

// send puts a call into its worker's link. An error needs no answer here: a
// link fails only when its worker is dead or about to be killed, and its calls
// end with it.
func (p *Pool) send(s send) {
	c := s.call
	h := wire.Header{Kind: wire.Request, Code: uint16(c.Func), Call: s.id, Timeout: s.left}
	m := s.to.member
	if !s.fits {
		m.sending.Add(1)
	}
	if err := m.conn.Send(h, c.payloadFor(s.to)); err != nil {
		m.fault(err)
	}
	if !s.fits {
		m.sending.Add(-1)
	}
	s.to.sent.Add(1)
	c.letGo()
}

func (p *Pool) wake() {
	select {
	case p.poke <- struct{}{}:
	default:
	}
}

// BootError says that a worker died before it was ready.
type BootError struct{ Death *Death }

func (e *BootError) Error() string { return e.Death.String() }

// Start starts the supervisor and the first workers, and waits until as many as
// are always kept are ready. If the first one does not become ready, or ctx
// ends, it stops the pool and the error says why.
func (p *Pool) Start(ctx context.Context) error {
	wait := make(chan error, 1)
	p.mu.Lock()
	if p.started {
		p.mu.Unlock()
		return errors.New("it was stopped before it started, or has been started already")
	}
	p.started, p.starting = true, wait
	p.mu.Unlock()
	go p.supervise()
	var err error
	select {
	case err = <-wait:
	case <-ctx.Done():
		err = fmt.Errorf("waiting for its workers: %w", context.Cause(ctx))
	}
	if err != nil {
		p.Stop(0)
	}
	return err
}
