package link

import (
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
)

// receiver is the reading side of a link over shared memory.
//
// # The role
//
// Only one goroutine at a time may receive: the one that has the role. On the
// worker's end that is always Serve. On the daemon's end it is Serve or a
// polling caller, as the role word says:
//
//	roleNone   Serve does not run: no goroutine may receive
//	roleHeld   Serve receives
//	roleSpin   Serve checks the ring but has nothing to receive: a poller may take the role from it
//	roleFree   Serve sleeps on the bell: a poller may take the role
//	roleLent   a poller receives; Serve sleeps, or is about to notice that it has lost the role and sleep then
//
// The park word, in shared memory, tells the peer's producer how to wake this
// end; 0 means not at all. After each commit the producer reads the word and,
// if it is not 0, sets it to 0 and wakes this end.
//
// Four rules ensure that no wake-up is lost. All these words are sequentially
// consistent.
//
//  1. A goroutine that gives up the role first sets the park word, then frees
//     the role, and then checks the ring again. If it finds a record, it makes
//     sure that a goroutine receives: Serve takes the role back, a poller kicks
//     Serve. So a record is either found by this check, or was committed after
//     the park word was set, and then its producer wakes this end.
//  2. A goroutine that takes the role sets the park word to 0 itself. If the
//     producer was faster, a ring of the bell is pending, and has no effect.
//  3. A woken Serve tries to take the role. If it cannot, a poller has it and
//     has yet to follow rule 1: the record that woke Serve was committed
//     before, so the poller will see it. So Serve may sleep again.
//  4. A Serve that lost the role while it was about to sleep may set the park
//     word although a poller receives. That only costs useless rings.
//
// Therefore: while the role is free, the park word is set or a ring of the bell
// is pending.
type receiver struct {
	in    inbound
	ring  *ring.Consumer
	bell  *shm.Bell // rung by the peer for frames, and kicked by this end
	space *shm.Bell // rung for the peer when it waits for space
	busy  func() bool
	end   *ending

	memory region

	role     atomic.Uint32
	pollSkip atomic.Int32 // polls to skip; see ring.Spinner
	spin     ring.Spinner // Serve's
	pollSpin ring.Spinner // of the polling goroutine, guarded by the role
	recent   atomic.Int64 // the size of a frame that came lately
}

const (
	roleNone = iota
	roleHeld
	roleSpin
	roleFree
	roleLent
)

// How the consumer sleeps: the values of the park word.
const (
	parkBell  = 1
	parkFutex = 2
)

// ending records whether and how a link has ended.
type ending struct {
	over   atomic.Bool // closed, failed or hung up: waits end
	closed atomic.Bool
	hung   atomic.Bool
	err    atomic.Pointer[error] // the first violation, or error of the handler
}

func (e *ending) fail(err error) {
	e.err.CompareAndSwap(nil, &err)
	e.over.Store(true)
}

func (e *ending) hangUp() {
	e.hung.Store(true)
	e.over.Store(true)
}

func (e *ending) close() {
	e.closed.Store(true)
	e.over.Store(true)
}

// abrupt reports whether the records still in the ring no longer matter.
func (e *ending) abrupt() bool { return e.closed.Load() || e.err.Load() != nil }

// serve receives until the link ends. The two ends differ only in how they
// wait.
func (r *receiver) serve() error {
	r.role.Store(roleHeld)
	if err := r.memory.guard(r.attend); err != nil {
		r.end.fail(violation(err))
	}
	r.regain()
	defer r.role.Store(roleNone)
	if r.end.hung.Load() && !r.end.abrupt() {
		if err := r.memory.guard(r.salvage); err != nil {
			r.end.fail(violation(err))
		}
	}
	switch {
	case r.end.closed.Load():
		return nil
	case r.end.err.Load() != nil:
		return *r.end.err.Load()
	}
	return io.EOF
}

// attend receives, and waits for more, until the link is over.
func (r *receiver) attend() error {
	for !r.end.over.Load() {
		if _, err := r.drain(nil, ringCells); err != nil {
			return err
		}
		if r.in.worker {
			r.awaitWorker()
		} else {
			runtime.Gosched() // goroutines that were just woken run first: they are likely to send
			r.awaitDaemon()
		}
	}
	return nil
}

// regain takes the role for good. A poller that has it notices that the link is
// over and gives it up; a fault may have left Serve with roleSpin.
func (r *receiver) regain() {
	for i := 0; r.role.Load() != roleHeld && !r.role.CompareAndSwap(roleFree, roleHeld) && !r.role.CompareAndSwap(roleSpin, roleHeld); i++ {
		if i < 100 {
			runtime.Gosched()
		} else {
			time.Sleep(50 * time.Microsecond) // a handler may take its time
		}
	}
}

// drain delivers the frames in the ring: at most limit frames, and none after
// stop returns true. It returns their number.
func (r *receiver) drain(stop func() bool, limit int) (int, error) {
	frames, size := 0, 0
	var err error
	for frames < limit && !r.end.abrupt() {
		rec, ok, e := r.ring.Next()
		if e != nil {
			err = corrupt("%w", e)
			break
		}
		if !ok {
			break
		}
		frames++
		size = max(size, len(rec.Data))
		err = r.in.frame(rec.Tag, rec.Data, false)
		if r.ring.Release() {
			r.space.Ring()
		}
		if err != nil || stop != nil && stop() {
			break
		}
	}
	if r.ring.Publish() {
		r.space.Ring()
	}
	if frames > 0 && r.recent.Load() != int64(size) { // a store costs more
		r.recent.Store(int64(size))
	}
	return frames, err
}

// salvage delivers every complete record of a dead peer. It delivers at most as
// many as there are cells, so a peer that announces its end but continues to
// send cannot keep Serve here.
func (r *receiver) salvage() error {
	for left := ringCells; left > 0 && !r.end.abrupt(); {
		n, err := r.drain(nil, left)
		if err != nil {
			return err
		}
		more, err := r.ring.Salvage()
		if err != nil {
			return corrupt("%w", err)
		}
		if !more {
			return nil
		}
		left -= max(n, 1)
	}
	return nil
}

// forSize is how much longer a spin is worth it because the frames are large:
// the peer copies them, often into memory that the system has yet to provide.
// size is that of a payload just sent.
func (r *receiver) forSize(size int) time.Duration {
	return min(time.Duration(max(int64(size), r.recent.Load()))/2, maxExtra)
}

const (
	// pollExtra is how much longer a caller polls than Serve spins: when it gives
	// up, two wake-ups follow instead of one.
	pollExtra = 30 * time.Microsecond
	// spaceExtra is how much longer a sender waits for space than Serve spins.
	spaceExtra = 100 * time.Microsecond
	// maxExtra bounds what large frames add to a spin.
	maxExtra = 300 * time.Microsecond
	// yieldEvery is the number of pauses after which a spinning thread offers its
	// processor to other threads, among them the peer's: the kernel often puts both
	// on one.
	yieldEvery = 128
)

// look spins until the ring has a record at head. It reports false if the time
// is over, the link is over or enough, which may be nil, returns true. It
// yields to other goroutines and threads while it spins.
func (r *receiver) look(head uint64, budget time.Duration, enough func() bool) bool {
	var start time.Time
	for i := 1; ; i++ {
		if r.ring.ReadyAt(head) {
			return true
		}
		ring.Pause()
		if i&15 == 0 {
			if enough != nil && enough() || r.end.over.Load() {
				return false
			}
			now := time.Now()
			if start.IsZero() {
				start = now
			} else if now.Sub(start) > budget {
				return false
			}
			runtime.Gosched()
		}
		if i%yieldEvery == 0 {
			shm.Yield()
		}
	}
}

// awaitDaemon returns when Serve has the role and the ring may have a record,
// or when the link is over.
func (r *receiver) awaitDaemon() {
	if r.ring.Ready() || r.peerGone() {
		return
	}
	head := r.ring.Head() // must not be read while a poller may have the role
	r.role.Store(roleSpin)
	if budget := r.spin.Budget(r.forSize(0)); budget > 0 {
		if r.look(head, budget, func() bool { return r.role.Load() != roleSpin }) {
			r.spin.Hit()
			if r.role.CompareAndSwap(roleSpin, roleHeld) {
				return
			}
		} else if r.role.Load() == roleSpin {
			r.spin.Miss()
		}
	}
	r.lend(head)
}

// lend lets pollers have the role and sleeps, by rule 1, until Serve has it
// again or the link is over. head is where the ring was when the role was last
// held.
func (r *receiver) lend(head uint64) {
	r.ring.Park(parkBell)
	if r.role.CompareAndSwap(roleSpin, roleFree) &&
		(r.ring.ReadyAt(head) || r.end.over.Load()) &&
		r.role.CompareAndSwap(roleFree, roleHeld) {
		r.ring.Unpark()
		return
	}
	for {
		r.sleep()
		if r.role.CompareAndSwap(roleFree, roleHeld) {
			r.ring.Unpark()
			return
		}
		if r.end.over.Load() {
			return // serve regains the role
		}
	}
}

// sleep waits for the bell. An error (EOF, or a reset if the peer died with
// unread rings) means that the peer has closed its end: all records it
// committed are in the ring.
func (r *receiver) sleep() {
	if r.bell.Wait() != nil {
		r.end.hangUp()
	}
}

// peerGone reports whether the peer has announced its end.
func (r *receiver) peerGone() bool {
	if r.ring.Ended() {
		r.end.hangUp()
		return true
	}
	return false
}

// awaitWorker returns when the ring may have a record, or when the link is
// over. While handlers run it must not block its thread, because the only P of
// this process would be stuck until the runtime notices: so it yields at once,
// and sleeps in the network poller. Only when no handler runs does it sleep on
// a futex, which wakes faster.
func (r *receiver) awaitWorker() {
	if r.ring.Ready() || r.peerGone() {
		return
	}
	if r.busy() {
		runtime.Gosched()
		if r.ring.Ready() {
			return
		}
	}
	if budget := r.spin.Budget(r.forSize(0)); budget > 0 {
		if r.look(r.ring.Head(), budget, nil) {
			r.spin.Hit()
			return
		}
		r.spin.Miss()
	}
	mode := uint32(parkFutex)
	if r.busy() {
		runtime.Gosched()
		if r.busy() {
			mode = parkBell
		}
	}
	r.ring.Park(mode)
	if r.ring.Ready() || r.end.over.Load() || r.ring.Ended() {
		r.ring.Unpark()
		return
	}
	if mode == parkBell {
		r.sleep()
		r.ring.Unpark()
		return
	}
	for atomic.LoadUint32(r.ring.ParkWord()) == parkFutex {
		shm.FutexWait(r.ring.ParkWord(), parkFutex)
	}
}

// wakeSelf makes Serve check whether the link is over. The memory must stay
// mapped meanwhile.
func (r *receiver) wakeSelf() {
	r.bell.Kick()
	if r.in.worker {
		r.ring.Unpark()
		shm.FutexWake(r.ring.ParkWord())
	}
}
