package pool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/meters"
	"github.com/legion-go/legion/internal/recorder"
	"github.com/legion-go/legion/internal/wire"
)

// copyUnlocked is the size from which a result is copied without the pool's
// lock.
const copyUnlocked = 4 << 10

// member is one process with its link. Its goroutine owns both: it starts them,
// receives, and returns when the process is reaped and the link is closed.
type member struct {
	pool *Pool
	w    *worker

	// Set once under the pool's lock, before the core learns that the worker is
	// ready.
	proc     Process
	conn     link.Conn
	recorder *recorder.File // nil: it records nothing; m.mu guards its use

	mu       sync.Mutex
	launched bool
	early    []act // acts asked for before the process was started

	over     sync.Once // the pool no longer waits for it
	failure  string    // why it could not start, in the worker's own words
	odd      error     // how it broke the protocol
	closed   bool      // the link is
	notices  []notice  // small frames that wait to be sent, in order
	telling  bool      // a goroutine sends them
	asked    *question // for its stacks; nil if none is open
	capture  *capture  // the profile or trace under way; nil if there is none
	spoke    bool      // it sent something; the receiver's, until the link has ended
	controls sync.WaitGroup
	sending  atomic.Int32 // sends under way that may have to wait for room
	protocol *protocol
	counted  *meters.Worker // what its instruments say
	fx       effects        // of an answer: the receiver's, kept because their lists may have grown
}

// run is the life of a member.
func (m *member) run() {
	p := m.pool
	defer m.over.Do(p.members.Done)
	began := time.Now()
	process, conn, err := p.launch(m.w.id)
	if err != nil {
		d := &Death{}
		d.Code, d.Stack = -1, "it could not be started: "+err.Error()
		for _, want := range []error{syscall.EAGAIN, syscall.ENOMEM, syscall.EMFILE, syscall.ENFILE} {
			d.Lacking = d.Lacking || errors.Is(err, want)
		}
		m.exited(d)
		return
	}
	p.mu.Lock()
	m.proc, m.conn = process, conn
	m.w.pid, m.w.marks, m.w.arena = process.PID(), conn, m.arenaOf(conn)
	m.recorder = recorderOf(conn)
	name := p.core.cfg.Name
	p.mu.Unlock()
	m.counted = meters.Join(name, func(read func(mem []byte)) { conn.Meters(read) })
	m.catchUp()

	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := conn.Serve(func(f link.Frame) error { return m.receive(f, began) }, m.lend); err != nil && !errors.Is(err, io.EOF) {
			m.fault(err)
		}
	}()
	<-process.Done()
	m.protocol.gone.Store(true)
	conn.Hangup() // what it wrote before is still received
	<-served
	m.counted.Leave() // while the memory that it counted in is mapped
	d := &Death{Exit: process.Exit(), Mute: !m.spoke}
	m.mu.Lock()
	if m.failure != "" {
		d.Stack = m.failure
	}
	if m.odd != nil {
		d.Stack = m.odd.Error()
	}
	m.mu.Unlock()
	m.exited(d)
	conn.Close()
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	m.controls.Wait()
}

func (m *member) exited(d *Death) {
	p := m.pool
	var fx effects
	p.mu.Lock()
	p.core.exited(&fx, m.w, d, p.now())
	gone := processEnd{worker: m.w.id, calls: m.w.calls, began: m.w.began, end: p.now()}
	p.prepare(&fx)
	p.mu.Unlock()
	told := fx.news
	fx.news = news{}
	p.apply(&fx)
	gone.death, gone.how = *d, brief(d.String()) // without the lock: it may parse long stacks
	gone.death.Stack, gone.death.Stderr, gone.death.Why = "", nil, ""
	p.mu.Lock()
	*p.core.ends.next() = gone
	p.mu.Unlock()
	if p.hooks.Died != nil {
		p.hooks.Died(d)
	}
	p.tell(told) // after the death
}

// do carries out one act of the core.
func (m *member) do(a act) {
	switch a.op {
	case opSpawn:
		go m.run()
	case opCancel:
		m.tellNotices()
		m.snapshot(a)
	case opStop, opPing, opPause, opResume:
		m.tellNotices()
	case opAbandon:
		m.over.Do(m.pool.members.Done)
	case opStopDaemon:
		if h := m.pool.hooks.Stop; h != nil {
			h(fmt.Sprintf("a looping worker of pool %s has ended", m.pool.core.cfg.Name))
		}
	default:
		m.mu.Lock()
		if !m.launched {
			m.early = append(m.early, a)
			m.mu.Unlock()
			return
		}
		m.mu.Unlock()
		m.signal(a)
	}
}

// signal carries out an act on the process. It does nothing to a process that
// has ended meanwhile.
func (m *member) signal(a act) {
	switch a.op {
	case opQuit:
		go m.proc.Quit() // ends by itself: it looks for at most 0.2 s, and sooner if the process is gone
	case opKill:
		_ = m.proc.Kill(string(a.by))
	case opHangup:
		m.conn.Hangup()
	}
}

// catchUp carries out the acts asked for while the process was being started.
func (m *member) catchUp() {
	m.mu.Lock()
	early := m.early
	m.launched, m.early = true, nil
	m.mu.Unlock()
	for _, a := range early {
		m.signal(a)
	}
}

// fault handles the failure of the link. The end of either side is not a
// failure.
func (m *member) fault(err error) {
	if errors.Is(err, link.ErrClosed) {
		return
	}
	m.mu.Lock()
	if m.odd == nil {
		m.odd = fmt.Errorf("it broke the protocol: %w", err)
	}
	m.mu.Unlock()
	m.pool.step(func(k *core, fx *effects, now time.Duration) { k.violated(fx, m.w, now) })
}

// receive takes one frame from the worker. It checks the frame: a worker may be
// compromised.
func (m *member) receive(f link.Frame, began time.Time) error {
	if err := m.protocol.admit(f.Header, len(f.Payload)); err != nil {
		return err
	}
	m.spoke = true
	switch f.Kind {
	case wire.Response:
		return m.response(f)
	case wire.Item:
		return m.item(f)
	case wire.Ready:
		return m.ready(f, time.Since(began))
	case wire.Failed:
		fault, err := wire.DecodeFault(own(f))
		if err != nil {
			return err
		}
		m.mu.Lock()
		m.failure = fault.Message
		if fault.Stack != "" {
			m.failure += "\n" + fault.Stack
		}
		m.mu.Unlock()
	case wire.Pong:
		m.pool.step(func(k *core, fx *effects, now time.Duration) { k.alive(fx, m.w, now) })
	case wire.Log:
		if h := m.pool.hooks.Log; h != nil && len(f.Payload) > 0 {
			h(m.w.pid, m.number(f.Call), own(f))
		}
	case wire.Loop:
		return m.loop(f)
	case wire.Stack:
		return m.stacks(f)
	case wire.Progress:
		return m.progress(f)
	case wire.Meters:
		return m.counted.Take(f.Payload)
	case wire.Captured:
		return m.captured(f)
	}
	return nil
}

// number returns the number of the call with the worker's id, or 0.
func (m *member) number(id uint32) uint64 {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if c := m.pool.core.lookup(m.w, id); c != nil {
		return c.seq
	}
	return 0
}

// own returns the frame's payload in memory that only the daemon writes.
func own(f link.Frame) []byte {
	if f.Owned {
		return f.Payload
	}
	return bytes.Clone(f.Payload)
}

func (m *member) ready(f link.Frame, took time.Duration) error {
	hello, err := wire.DecodeHello(own(f))
	if err != nil {
		return err
	}
	if err := m.pool.match(hello); err != nil {
		return err
	}
	m.pool.step(func(k *core, fx *effects, now time.Duration) {
		k.seal = hello.Seal
		k.becameReady(fx, m.w, now)
	})
	if h := m.pool.hooks.Ready; h != nil {
		h(m.w.id, m.w.pid, took, hello.Seal)
	}
	return nil
}

// match compares the functions of a worker with the daemon's, and whether it is
// sealed with whether it has to be.
func (p *Pool) match(h wire.Hello) error {
	switch {
	case p.sealed && !h.Seal.Sealed:
		return errors.New("the worker is not sealed, and its pool has a sandbox")
	case !p.sealed && h.Seal.Sealed:
		return errors.New("the worker is sealed, and its pool has no sandbox")
	}
	if len(h.Funcs) != len(p.hashes) {
		return fmt.Errorf("the worker declares %d functions, the daemon %d: declarations must be the same in every process", len(h.Funcs), len(p.hashes))
	}
	for i, f := range h.Funcs {
		if f != p.hashes[i] {
			return fmt.Errorf("function %d is %q with types %x in the worker, %q with types %x in the daemon: declarations must be the same in every process",
				i, f.Name, f.Hash, p.hashes[i].Name, p.hashes[i].Hash)
		}
	}
	return nil
}

// response ends a call.
func (m *member) response(f link.Frame) error {
	p := m.pool
	fx := &m.fx
	defer fx.clear()
	p.mu.Lock()
	c := p.core.lookup(m.w, f.Call)
	if c == nil {
		p.mu.Unlock()
		return fmt.Errorf("an answer to call %08x, which it does not have", f.Call)
	}
	memory := c.memory(f)
	unlocked := len(f.Payload) >= copyUnlocked && (!f.Owned || memory != nil)
	if unlocked {
		// Meanwhile the call can move to another worker or, if it is abandoned, end:
		// the hold is for that.
		c.hold()
		p.mu.Unlock()
	}
	a, err := read(f, memory)
	if unlocked {
		p.mu.Lock()
	}
	if err == nil && (!unlocked || p.core.lookup(m.w, f.Call) == c) {
		if err = c.fill(f, a); err == nil && a.kind == OK {
			err = m.adopt(c)
		}
		if err == nil {
			p.core.answered(fx, m.w, f.Call, a.kind, p.now())
		}
	}
	if unlocked {
		fx.answers.add(c) // lets go of the hold
	}
	p.prepare(fx)
	p.mu.Unlock()
	p.apply(fx)
	return err
}

// lend gives the memory of the caller for a large result, if there is any.
func (m *member) lend(h wire.Header, n int) *link.Loan {
	if h.Kind != wire.Response || wire.Status(h.Code) != wire.OK {
		return nil
	}
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	c := m.pool.core.lookup(m.w, h.Call)
	if c == nil {
		return nil // its end is a breach of protocol
	}
	return c.lend(n)
}

// item passes one element of a streamed result to its call.
func (m *member) item(f link.Frame) error {
	p := m.pool
	p.mu.Lock()
	c := p.core.lookup(m.w, f.Call)
	var take func([]byte) error
	if c != nil {
		take = c.Stream
		p.core.counts.Out += uint64(len(f.Payload))
	}
	p.core.alive(nil, m.w, p.now())
	p.mu.Unlock()
	if take == nil {
		return fmt.Errorf("an element of call %08x, which streams nothing", f.Call)
	}
	return take(own(f))
}

// loop handles news of a worker's own loop.
func (m *member) loop(f link.Frame) error {
	var fault wire.Fault
	state := wire.LoopState(f.Code)
	phases := map[wire.LoopState]loopPhase{wire.LoopRuns: loopRuns, wire.LoopPaused: loopHeld, wire.LoopEnded: loopOver}
	if state == wire.LoopError {
		var err error
		if fault, err = wire.DecodeFault(own(f)); err != nil {
			return err
		}
	} else if phases[state] == loopNone {
		return fmt.Errorf("loop state %d is unknown", f.Code)
	}
	m.pool.step(func(k *core, fx *effects, now time.Duration) {
		k.alive(fx, m.w, now)
		if state != wire.LoopError {
			m.w.loop = phases[state]
		}
		m.w.done = m.w.done || state == wire.LoopEnded
	})
	if h := m.pool.hooks.Loop; h != nil {
		h(m.w.id, m.w.pid, state, fault)
	}
	return nil
}
