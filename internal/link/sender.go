package link

import (
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/legion-go/legion/internal/fail"
	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
)

// copyLocked is the largest frame that is copied into the ring while the lock is held. Above, taking the lock a
// second time costs less than what it would keep others from.
const copyLocked = 4<<10 + 64

// sender is the writing side of a link over shared memory: it puts frames into the ring, wakes the peer if it sleeps,
// and makes senders wait for space in the order in which they came.
//
// Waiting: the first of the queue, the leader, waits for the space bell, which the consumer rings when there is
// enough (see ring.Producer.Full). When it has its place it reserves for those behind it as long as there is space,
// hands each its slot, and makes the first that does not fit the leader. Whoever comes while there is a queue joins
// it. So nobody overtakes, nobody retries, and a wake-up serves as many as there is space for.
type sender struct {
	mu    sync.Mutex
	ring  *ring.Producer
	bell  *shm.Bell // rung when the peer sleeps there
	space *shm.Bell // on which the leader waits

	allocate func() error // makes room for large frames; nil once it is there

	queue waiters
	err   error // why nothing can be sent any more
	// gate keeps the memory and the bells from going away. Who holds the lock while err is nil is inside, because
	// Close sets err before it shuts the gate; who goes on without the lock has entered it while he held it.
	gate   *gate
	memory region
}

// waiter is a sender that waits for space.
type waiter struct {
	n     int // bytes
	next  *waiter
	turn  chan struct{} // capacity 1: the next three say what has happened
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
	locked, inside := true, false // the lock, the gate: what is to be left in the end
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
	if s.err != nil {
		return s.err
	}
	if n > ring.BulkMin && s.allocate != nil {
		if err := s.allocate(); err != nil {
			return fmt.Errorf("sending %d bytes: %w", n, err)
		}
		s.allocate = nil
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
			s.mu.Unlock() // here: the others wait for it
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

// wake wakes the peer. Whatever a hostile peer has written as its mode, it is only itself that is not woken.
func (s *sender) wake(mode uint32) {
	if mode == parkFutex {
		shm.FutexWake(s.ring.ParkWord())
		return
	}
	s.bell.Ring()
}

// wait is called with the lock held and releases it. It returns a slot of n bytes that is announced,
// with the gate entered for whoever fills it.
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

// lead waits at the head of the queue until there is space for w or none will ever be.
func (s *sender) lead(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.err != nil { // and the queue is empty
			w.err = s.err
			return
		}
		ok, err := s.grantLocked(w)
		if err == nil && !ok {
			ok, err = s.ring.Full(w.n)
			if err == nil && !ok {
				s.mu.Unlock()
				err = s.space.Wait()
				s.mu.Lock()
				if err != nil {
					err = ErrClosed // the peer has closed its end
				}
			} else {
				ok = false
			}
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

// grantLocked reserves for w, the first of the queue, and takes it out.
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

// handOverLocked gives those that wait their slots, as far as there is space, and the next one the lead.
func (s *sender) handOverLocked() {
	defer func() { // the slot of whoever hands over stands
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

// failLocked ends sending: those that wait get err, and whoever comes later.
func (s *sender) failLocked(err error) {
	if s.err != nil {
		return
	}
	s.err = err
	for w := s.queue.first; w != nil; {
		next := w.next
		if !w.leads { // the leader sees s.err by itself
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

// bye tells the peer that nothing more will come; a peer that sleeps on its futex does not see the bell being closed.
// Frames that are being written meanwhile may be lost.
func (s *sender) bye() error {
	s.ring.End()
	if mode := s.ring.TakeParked(); mode != 0 {
		s.wake(mode)
	}
	return nil
}

// waiting reports whether somebody waits for space.
func (s *sender) waiting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.first != nil
}
