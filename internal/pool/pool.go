package pool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// Process is one worker process, as package proc makes them.
type Process interface {
	PID() int
	Quit() error
	Signal(syscall.Signal) error
	Kill(by string) error
	Done() <-chan struct{}
	Exit() proc.Exit
	Memory() (uint64, error)
}

// Launcher starts worker number id and returns it with the daemon's end of its
// link. It may be called by several goroutines at once.
type Launcher func(id uint64) (Process, link.Conn, error)

// Hooks are told what happens. They are called without the pool's lock, on the
// goroutine where it happened, and must not block. Any may be nil.
type Hooks struct {
	Ready  func(worker uint64, pid int, took time.Duration)
	Died   func(d *Death, expected bool)
	Failed func(reason string)                                                  // the pool has given up
	Log    func(pid int, call uint64, record []byte)                            // call is its number, 0 if it is of none
	Loop   func(worker uint64, pid int, state wire.LoopState, fault wire.Fault) // what a worker's own loop does
	Stop   func(d string)                                                       // a looping worker has ended, and the daemon is to
}

// Pool is the running supervisor of one set of workers.
type Pool struct {
	launch Launcher
	hooks  Hooks
	hashes []wire.FuncInfo // what a worker must say that it can run
	began  time.Time

	mu      sync.Mutex
	core    *core
	started bool
	waiter  chan error // Start waits for the first workers
	rolls   []*roll

	poke    chan struct{}  // the supervisor is to look again
	ended   chan struct{}  // everything is over
	members sync.WaitGroup // goroutines of members
}

// New makes a pool. Nothing runs before Start.
func New(cfg Config, funcs []wire.FuncInfo, launch Launcher, hooks Hooks) *Pool {
	return &Pool{
		launch: launch, hooks: hooks, hashes: funcs, began: time.Now(),
		core:  newCore(cfg, rand.Uint64()),
		poke:  make(chan struct{}, 1),
		ended: make(chan struct{}),
	}
}

// now is the pool's clock: monotonic, so that nothing moves when the wall clock
// is set. It is never 0, which means "none" in the core.
func (p *Pool) now() time.Duration { return time.Since(p.began) + 1 }

// step runs one step of the core under the lock and carries out its effects
// after it.
func (p *Pool) step(f func(k *core, fx *effects, now time.Duration)) {
	var fx effects
	p.mu.Lock()
	f(p.core, &fx, p.now())
	p.prepare(&fx)
	p.mu.Unlock()
	p.apply(&fx)
}

// prepare does what of the effects must happen under the lock.
func (p *Pool) prepare(fx *effects) {
	for _, a := range fx.acts {
		if a.op == opSpawn {
			a.w.marks = revokeAll{}
			a.w.member = &member{pool: p, w: a.w}
			p.members.Add(1)
		}
	}
	if len(p.rolls) > 0 {
		p.finishRolls()
	}
	if p.waiter != nil {
		k := p.core
		switch {
		case k.bootFail > 0 || k.state == Broken:
			p.waiter <- fmt.Errorf("its first worker did not start: %w", &BootError{k.last})
			p.waiter = nil
		case k.state >= Draining:
			p.waiter <- errors.New("it was stopped while it started")
			p.waiter = nil
		case int(k.counts.Ready) >= k.floor():
			p.waiter <- nil
			p.waiter = nil
		}
	}
}

// apply carries out effects, without the lock.
func (p *Pool) apply(fx *effects) { p.applyWith(fx, p.sendAside) }

func (p *Pool) applyWith(fx *effects, send func(send)) {
	for i := range fx.sends.n {
		send(fx.sends.at(i))
	}
	for _, a := range fx.acts {
		a.w.member.do(a)
	}
	for i := range fx.ended.n {
		fx.ended.at(i).letGo()
	}
	if fx.poke {
		p.wake()
	}
}

// send puts a call into its worker's link. An error needs no answer here: a link
// that fails is that of a worker that is dead or about to be shot, and its calls
// end with it.
func (p *Pool) send(s send) {
	c := s.call
	h := wire.Header{Kind: wire.Request, Code: uint16(c.Func), Call: s.id, Timeout: s.left}
	m := s.to.member
	large := len(c.Payload) > inlineSend
	if large {
		m.sending.Add(1)
	}
	if err := m.conn.Send(h, c.Payload); err != nil {
		m.fault(err)
	}
	if large {
		m.sending.Add(-1)
	}
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

func (e *BootError) Error() string {
	s := e.Death.String()
	if e.Death.Code == 0 && e.Death.Signal == 0 && e.Death.PID != 0 {
		s += ": main must reach Run or Start in every process, workers too"
	}
	return s
}

// Start starts the supervisor and the first workers, and waits until as many as
// are always kept are ready. If the first one does not become ready, or ctx
// ends, the pool is stopped and the error says why.
func (p *Pool) Start(ctx context.Context) error {
	wait := make(chan error, 1)
	p.mu.Lock()
	if p.started {
		p.mu.Unlock()
		return errors.New("it was stopped before it started, or has been started already")
	}
	p.started, p.waiter = true, wait
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

// supervise is the pool's own goroutine: it does what becomes due. It ends when
// the pool has.
func (p *Pool) supervise() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var look time.Duration // when the memory of the workers is looked at next
	for {
		var fx effects
		p.mu.Lock()
		now := p.now()
		p.core.tick(&fx, now)
		at := p.core.next(now)
		if every := p.lookEvery(); every > 0 {
			if look == 0 || look > now+every {
				look = now + every
			}
			if at == 0 || look < at {
				at = look
			}
		} else {
			look = 0
		}
		p.core.armed = at
		over := p.core.state == Ended
		p.prepare(&fx)
		p.mu.Unlock()
		p.apply(&fx)
		if over {
			p.members.Wait()
			close(p.ended)
			return
		}
		if look != 0 && look <= now {
			p.lookAtMemory()
			look = 0
			continue
		}
		if at == 0 {
			<-p.poke
			continue
		}
		timer.Reset(at - now)
		select {
		case <-timer.C:
		case <-p.poke:
		}
	}
}

// lookEvery is how often the memory of the workers is to be looked at: often
// while calls run, never while nothing happens or no limit is set.
func (p *Pool) lookEvery() time.Duration {
	k := p.core
	if k.cfg.MemoryLimit == 0 && k.cfg.MaxMemory == 0 {
		return 0
	}
	for _, w := range k.workers {
		if w.load > 0 {
			return 50 * time.Millisecond
		}
	}
	if len(k.workers) > 0 {
		return 2 * time.Second
	}
	return 0
}

// lookAtMemory reads the memory of every worker, without the lock.
func (p *Pool) lookAtMemory() {
	type size struct {
		w     *worker
		bytes uint64
	}
	var sizes []size
	for _, m := range p.running() {
		if n, err := m.proc.Memory(); err == nil {
			sizes = append(sizes, size{m.w, n})
		}
	}
	p.step(func(k *core, fx *effects, now time.Duration) {
		for _, s := range sizes {
			k.sized(fx, s.w, s.bytes, now)
		}
	})
}

// running returns the members that have a process.
func (p *Pool) running() (all []*member) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.core.workers {
		if w.pid != 0 && w.member.proc != nil {
			all = append(all, w.member)
		}
	}
	return all
}

// Submit hands a call to the pool and never waits. Its end is told by OnEnd, Done
// and Await.
func (p *Pool) Submit(c *Call) {
	var fx effects
	p.mu.Lock()
	p.take(&fx, c)
	p.mu.Unlock()
	p.apply(&fx)
}

// inlineSend is up to which size a request surely finds room in the link, as many
// of them as a worker may hold.
const inlineSend = 1 << 10

// sendAside is send for who must not wait for room in the link: the loop, the
// supervisor, and the receiver of a link above all, because the worker may be
// waiting for it in turn. Where it could come to that, a goroutine of the member
// waits.
func (p *Pool) sendAside(s send) {
	m := s.to.member
	if len(s.call.Payload) <= inlineSend && m.sending.Load() == 0 {
		p.send(s)
		return
	}
	m.controls.Go(func() { p.send(s) })
}

// submit returns the link of the worker that has c and nothing else, if there
// is one.
func (p *Pool) submit(c *Call) link.Conn {
	var fx effects
	p.mu.Lock()
	p.take(&fx, c)
	var lone link.Conn
	if s := &fx.sends.first[0]; fx.sends.n == 1 && s.call == c && s.to.load == 1 {
		lone = s.to.member.conn
	}
	p.mu.Unlock()
	p.applyWith(&fx, p.send)
	return lone
}

// take gives a call to the core, under the lock.
func (p *Pool) take(fx *effects, c *Call) {
	if p.started {
		p.core.submit(fx, c, p.now())
	} else {
		c.holds.Store(1)
		c.Kind, c.Reason = Stopped, "the daemon has not been started"
		fx.ended.add(c)
	}
	p.prepare(fx)
}

// Do submits a call and waits for its end. When ctx ends first, the call is
// cancelled, which takes as long as the function takes to obey, at most
// KillGrace and the time to kill a process.
func (p *Pool) Do(ctx context.Context, c *Call) {
	if lone := p.submit(c); lone != nil {
		lone.Poll(c.isDone)
	}
	p.Await(ctx, c)
}

// Await waits for the end of a submitted call, as Do.
func (p *Pool) Await(ctx context.Context, c *Call) {
	woken := c.wait()
	if woken == nil {
		return
	}
	select {
	case <-woken:
	case <-ctx.Done():
		p.Cancel(c, ctx.Err())
		<-woken
	}
}

// Cancel ends a call before its time: as timed out if why is
// context.DeadlineExceeded, else as cancelled. It returns at once; the call ends
// as soon as its function obeys or its worker is gone.
func (p *Pool) Cancel(c *Call, why error) {
	cause := wire.CauseCanceled
	if errors.Is(why, context.DeadlineExceeded) {
		cause = wire.CauseTimeout
	}
	p.step(func(k *core, fx *effects, now time.Duration) { k.cancel(fx, c, cause, now) })
}

// WorkerOf returns the pid of the worker that has c, or 0.
func (p *Pool) WorkerOf(c *Call) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.state == callAssigned {
		return c.worker.pid
	}
	return 0
}

// Grant lets the worker that runs the streamed call c send n more elements.
func (p *Pool) Grant(c *Call, n uint32) {
	p.mu.Lock()
	w, id := c.worker, c.id
	p.mu.Unlock()
	if w != nil {
		w.member.control(wire.Header{Kind: wire.Credit, Call: id}, wire.AppendCredit(nil, n))
	}
}

// Kill ends the worker with the given pid at once.
func (p *Pool) Kill(pid int) error {
	return p.with(pid, func(k *core, fx *effects, w *worker, now time.Duration) { k.shoot(fx, w, "kill", false, now) })
}

// with runs one step for the worker with the given pid.
func (p *Pool) with(pid int, f func(k *core, fx *effects, w *worker, now time.Duration)) error {
	err := fmt.Errorf("pool %s has no worker with pid %d", p.core.cfg.Name, pid)
	p.step(func(k *core, fx *effects, now time.Duration) {
		if w := k.find(pid); w != nil {
			f(k, fx, w, now)
			err = nil
		}
	})
	return err
}

// Recycle has every worker replaced, one after the other.
func (p *Pool) Recycle() { p.step((*core).recycle) }

// Roll is Recycle, and waits until none of the workers that there were serves any
// more.
func (p *Pool) Roll(ctx context.Context) error {
	r := &roll{old: map[*worker]bool{}, over: make(chan struct{})}
	p.step(func(k *core, fx *effects, now time.Duration) {
		k.recycle(fx, now)
		for _, w := range k.workers {
			if w.state == serving {
				r.old[w] = true
			}
		}
		p.rolls = append(p.rolls, r)
	})
	select {
	case <-r.over:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.ended:
		return errors.New("the pool was stopped")
	}
}

// roll is a Roll under way.
type roll struct {
	old  map[*worker]bool
	over chan struct{}
}

// finishRolls ends those whose workers have left.
func (p *Pool) finishRolls() {
	serves := map[*worker]bool{}
	for _, w := range p.core.workers {
		serves[w] = w.state == serving
	}
	p.rolls = slices.DeleteFunc(p.rolls, func(r *roll) bool {
		for w := range r.old {
			if serves[w] {
				return false
			}
		}
		close(r.over)
		return true
	})
}

// Pause lets calls wait in the queue until Resume.
func (p *Pool) Pause() { p.step((*core).pause) }

// PauseWorker keeps one worker from getting calls, and holds its loop, or ends
// that.
func (p *Pool) PauseWorker(pid int, on bool) error {
	return p.with(pid, func(k *core, fx *effects, w *worker, now time.Duration) { k.pauseWorker(fx, w, on, now) })
}

// Resume ends a pause, and tries a failed pool again.
func (p *Pool) Resume() { p.step((*core).resume) }

// Scale sets how many workers are kept and allowed.
func (p *Pool) Scale(lo, hi int) {
	p.step(func(k *core, fx *effects, now time.Duration) { k.scale(fx, lo, hi, now) })
}

// Stop ends the pool within about the given time and returns when nothing of it
// is left. It may be called by several goroutines, and before Start.
func (p *Pool) Stop(within time.Duration) {
	p.mu.Lock()
	if !p.started { // then there is no supervisor, and there will be none
		p.started = true
		p.core.state = Ended
		close(p.ended)
	}
	p.mu.Unlock()
	p.step(func(k *core, fx *effects, now time.Duration) { k.stop(fx, now+within, now) })
	<-p.ended
}

// Stats returns the figures of the pool.
func (p *Pool) Stats() Stats {
	memory := map[*worker]uint64{}
	for _, m := range p.running() {
		memory[m.w], _ = m.proc.Memory()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for w, n := range memory {
		w.memory = n
	}
	return p.core.stats(p.now())
}
