package link

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/fail"
	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
)

// copyLocked is the largest frame that is copied into the ring while the lock
// is held. For larger ones, taking the lock a second time costs less than
// blocking other senders.
const copyLocked = 4<<10 + 64

// sender is the writing side of a link over shared memory: it puts frames into
// the ring, wakes the peer if it sleeps, and makes senders wait for space in
// order of arrival.
//
// Waiting: the first of the queue, the leader, waits for the space bell, which
// the consumer rings when there is enough (see ring.Producer.Full). When it has
// its slot it reserves slots for the senders behind it as long as there is
// space, gives each its slot, and makes the first that does not fit the leader.
// A sender that comes while there is a queue joins it. So no sender overtakes
// or retries, and a wake-up serves as many senders as there is space for.
type sender struct {
	mu    sync.Mutex
	ring  *ring.Producer
	bell  *shm.Bell // rung when the peer sleeps on it
	space *shm.Bell // the leader waits on it

	allocate func() error // allocates the bulk area; nil once that is done

	queue waiters
	spin  ring.Spinner // the leader's
	err   error        // why nothing can be sent any more
	// gate keeps the memory and the bells alive. A goroutine that holds the lock
	// while err is nil counts as inside, because Close sets err before it shuts the
	// gate; one that continues without the lock must enter the gate while it holds
	// the lock.
	gate   *gate
	memory region
}

// waiter is a sender that waits for space.
type waiter struct {
	n     int // bytes
	next  *waiter
	turn  chan struct{} // capacity 1: the next three fields say what happened
	slot  ring.Slot
	err   error
	leads bool
}

// waiters is a queue; the first is the leader.
type waiters struct{ first, last *waiter }

var waiterPool = sync.Pool{New: func() any { return &waiter{turn: make(chan struct{}, 1)} }}

// carry sends one frame. It implements carrier.
func (s *sender) carry(word uint64, p prefix, body []byte) (err error) {
	n := p.n + len(body)
	locked, inside := true, false // whether the lock is held, the gate entered: to be left at the end
	before := debug.SetPanicOnFault(true)
	s.mu.Lock()
	defer func() {
		if e := s.memory.fault(recover()); e != nil {
			err = e
		}
		if locked {
			s.mu.Unlock()
		}
		if inside {
			s.gate.leave()
		}
		debug.SetPanicOnFault(before)
	}()
	if err := s.preparedLocked(n); err != nil {
		return err
	}
	var slot ring.Slot
	ok := false
	if s.queue.first == nil {
		if slot, ok, err = s.ring.Reserve(n); err != nil {
			s.failLocked(err)
			return err
		}
	}
	if ok && n <= copyLocked {
		copy(slot.Buf, p.b[:p.n])
		copy(slot.Buf[p.n:], body)
		fail.Point("link.write")
		s.ring.Commit(slot, word)
		mode := s.ring.TakeParked()
		if mode == 0 {
			locked = false
			s.mu.Unlock() // unlock here: other senders are waiting
			return nil
		}
		inside = s.gate.enter()
		locked = false
		s.mu.Unlock()
		s.wake(mode)
		return nil
	}
	if ok {
		s.ring.Announce(slot)
		inside = s.gate.enter()
		locked = false
		s.mu.Unlock()
	} else {
		locked = false
		if slot, err = s.wait(n); err != nil {
			return err
		}
		inside = true
	}
	copy(slot.Buf, p.b[:p.n])
	fail.Point("link.write")
	copy(slot.Buf[p.n:], body)
	s.ring.Commit(slot, word)
	if mode := s.ring.TakeParked(); mode != 0 {
		s.wake(mode)
	}
	return nil
}

// preparedLocked allocates the memory for large payloads at the first that
// needs it, or says why nothing can be sent.
func (s *sender) preparedLocked(n int) error {
	if s.err != nil || n <= ring.BulkMin || s.allocate == nil {
		return s.err
	}
	if err := s.allocate(); err != nil {
		return fmt.Errorf("sending %d bytes: %w", n, err)
	}
	s.allocate = nil
	return nil
}

// wake wakes the peer. A hostile peer that writes a wrong mode only keeps
// itself from being woken.
func (s *sender) wake(mode uint32) {
	if mode == parkFutex {
		shm.FutexWake(s.ring.ParkWord())
		return
	}
	s.bell.Ring()
}

// wait is called with the lock held and releases it. It returns an announced
// slot of n bytes, with the gate entered for the goroutine that fills it.
func (s *sender) wait(n int) (ring.Slot, error) {
	w := waiterPool.Get().(*waiter)
	w.n, w.next, w.leads = n, nil, s.queue.first == nil
	if w.leads {
		s.queue.first = w
	} else {
		s.queue.last.next = w
	}
	s.queue.last = w
	leads := w.leads
	s.mu.Unlock()
	if !leads {
		<-w.turn
	}
	if w.leads {
		s.lead(w)
	}
	slot, err := w.slot, w.err
	w.slot, w.err = ring.Slot{}, nil
	waiterPool.Put(w)
	return slot, err
}

// lead waits at the head of the queue until there is space for w or the link
// has ended.
func (s *sender) lead(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.err != nil { // then the queue is empty
			w.err = s.err
			return
		}
		ok, err := s.grantLocked(w)
		if err == nil && !ok {
			ok, err = s.spinLocked(w)
		}
		if err == nil && !ok {
			err = s.awaitSpaceLocked(w.n)
		}
		if err != nil {
			s.failLocked(err)
			continue
		}
		if ok {
			s.handOverLocked()
			return
		}
	}
}

// awaitSpaceLocked returns when there may be space for n bytes. It leaves the
// lock while it sleeps.
func (s *sender) awaitSpaceLocked(n int) error {
	there, err := s.ring.Full(n)
	if there || err != nil {
		return err
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	if s.space.Wait() != nil {
		return ErrClosed // the peer has closed its end
	}
	return nil
}

// spinLocked waits for the consumer to make space, as long as a spin is worth
// it: the consumer usually works on the payload of which w is a piece, and half
// a buffer takes it less time than waking this goroutine does. It leaves the
// lock in between.
func (s *sender) spinLocked(w *waiter) (ok bool, err error) {
	budget := s.spin.Budget(spaceExtra)
	if budget == 0 {
		return false, nil
	}
	for start := time.Now(); !ok && err == nil; {
		if time.Since(start) > budget {
			s.spin.Miss()
			return false, nil
		}
		s.mu.Unlock()
		for range 64 {
			ring.Pause()
		}
		runtime.Gosched()
		shm.Yield()
		s.mu.Lock()
		if s.err != nil {
			return false, s.err
		}
		ok, err = s.grantLocked(w)
	}
	s.spin.Hit()
	return ok, err
}

// grantLocked reserves space for w, the first of the queue, and removes it.
func (s *sender) grantLocked(w *waiter) (bool, error) {
	slot, ok, err := s.ring.Reserve(w.n)
	if !ok || err != nil {
		return false, err
	}
	s.ring.Announce(slot)
	s.gate.enter()
	w.slot = slot
	s.queue.first = w.next
	return true, nil
}

// handOverLocked gives waiting senders their slots, as far as there is space,
// and makes the next one the leader.
func (s *sender) handOverLocked() {
	defer func() { // the slot of the calling sender stays valid
		if err := s.memory.fault(recover()); err != nil {
			s.failLocked(err)
		}
	}()
	for w := s.queue.first; w != nil; w = s.queue.first {
		ok, err := s.grantLocked(w)
		if err != nil {
			s.failLocked(err)
			return
		}
		if !ok {
			w.leads = true
			w.turn <- struct{}{}
			return
		}
		w.turn <- struct{}{}
	}
}

// failLocked ends sending: waiting and later senders get err.
func (s *sender) failLocked(err error) {
	if s.err != nil {
		return
	}
	s.err = err
	for w := s.queue.first; w != nil; {
		next := w.next
		if !w.leads { // the leader checks s.err itself
			w.err = err
			w.turn <- struct{}{}
		}
		w = next
	}
	s.queue = waiters{}
	s.space.Kick()
}

func (s *sender) fail(err error) {
	s.mu.Lock()
	s.failLocked(err)
	s.mu.Unlock()
}

// bye tells the peer that no more frames will come; a peer that sleeps on its
// futex does not notice the closing of the bell. Frames that are being written
// meanwhile may be lost.
func (s *sender) bye() error {
	s.ring.End()
	if mode := s.ring.TakeParked(); mode != 0 {
		s.wake(mode)
	}
	return nil
}

// waiting reports whether a sender waits for space.
func (s *sender) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.first != nil
}
