package link

import (
	"runtime"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/shm"
)

// attends has a goroutine of the receiver wait, and returns a channel that is
// closed when it has done so.
func (i *inbox) attends(wait func()) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		wait()
	}()
	return done
}

// still reports whether what done stands for goes on, for as long as the other
// goroutines take to find that out.
func still(done <-chan struct{}) bool {
	for range 1000 {
		select {
		case <-done:
			return false
		default:
			runtime.Gosched()
		}
	}
	return true
}

// Serve of a daemon has the role when it has found something, and otherwise
// lets pollers have it and sleeps on the bell.
func TestServeLendsTheRole(t *testing.T) {
	i := newInbox(t, false)
	i.put(1)
	if i.recv.awaitDaemon(); i.recv.role.Load() != roleHeld || i.parked() != 0 {
		t.Error("it does not see a record")
	}
	i.drained(1)

	for name, wake := range map[string]func(){
		"a record": func() {
			i.put(1)
			if i.peer.TakeParked() != parkBell {
				t.Error("it does not sleep on the bell")
			}
			i.bell.Ring()
		},
		"a kick": func() { i.recv.wakeSelf() },
	} {
		i = newInbox(t, false)
		done := i.attends(i.recv.awaitDaemon)
		until(func() bool { return i.recv.role.Load() == roleFree })
		if i.parked() != parkBell {
			t.Errorf("%s: it gives up the role, and would not be woken", name)
		}
		wake()
		if <-done; i.recv.role.Load() != roleHeld || i.parked() != 0 {
			t.Errorf("%s: it is awake, with role %d, and would be woken: %d", name, i.recv.role.Load(), i.parked())
		}
	}

	// While a poller has the role, a ring is not for Serve.
	i = newInbox(t, false)
	done := i.attends(i.recv.awaitDaemon)
	until(func() bool { return i.recv.role.CompareAndSwap(roleFree, roleLent) })
	i.bell.Ring()
	if !still(done) || i.recv.role.Load() != roleLent {
		t.Error("it takes the role from a poller")
	}
	i.recv.role.Store(roleFree)
	i.bell.Ring()
	if <-done; i.recv.role.Load() != roleHeld {
		t.Errorf("role %d", i.recv.role.Load())
	}

	// A poller takes the role while Serve looks.
	i = newInbox(t, false)
	done = i.attends(i.recv.awaitDaemon)
	for taken := false; !taken; {
		switch i.recv.role.Load() {
		case roleSpin:
			taken = i.recv.role.CompareAndSwap(roleSpin, roleLent)
		case roleFree: // too late: the next time
			i.recv.wakeSelf()
			<-done
			done = i.attends(i.recv.awaitDaemon)
		}
		runtime.Gosched()
	}
	i.put(1) // for the poller
	if !still(done) || i.recv.role.Load() != roleLent {
		t.Error("it receives beside a poller")
	}
	i.recv.role.Store(roleFree)
	i.bell.Ring()
	<-done

	// The ends.
	i = newInbox(t, false)
	i.peer.End()
	if i.recv.awaitDaemon(); !i.end.hung.Load() || i.recv.role.Load() != roleHeld {
		t.Error("a goodbye is not heard")
	}
	i = newInbox(t, false)
	done = i.attends(i.recv.awaitDaemon)
	until(func() bool { return i.recv.role.Load() == roleFree })
	i.bell.Close()
	if <-done; !i.end.hung.Load() || !i.end.over.Load() {
		t.Error("the end of the peer is not heard")
	}
	i = newInbox(t, false)
	done = i.attends(i.recv.awaitDaemon)
	until(func() bool { return i.recv.role.CompareAndSwap(roleFree, roleLent) })
	i.end.close()
	i.recv.wakeSelf()
	<-done // also without the role
}

// A record that comes after Serve's last look, and before the producer can see
// that Serve sleeps, is found without a wake-up: nobody rings for it.
func TestServeLooksAgainBeforeItSleeps(t *testing.T) {
	for name, comes := range map[string]func(i *inbox){
		"a record":            func(i *inbox) { i.put(1) },
		"the end of the link": func(i *inbox) { i.end.close() },
	} {
		i := newInbox(t, false)
		head := i.recv.ring.Head()
		i.recv.role.Store(roleSpin)
		comes(i)
		if i.peer.TakeParked() != 0 {
			t.Fatal("the producer would ring")
		}
		done := i.attends(func() { i.recv.lend(head) })
		select {
		case <-done:
		case <-time.After(10 * time.Second): // more than any machine takes
			t.Errorf("%s: Serve sleeps", name)
			i.recv.wakeSelf()
		}
		if <-done; i.recv.role.Load() != roleHeld || i.parked() != 0 {
			t.Errorf("%s: it is awake, with role %d, and would be woken: %d", name, i.recv.role.Load(), i.parked())
		}
	}
}

// drained takes so many frames.
func (i *inbox) drained(n int) {
	i.t.Helper()
	if got, err := i.recv.drain(nil, ringCells); got != n || err != nil {
		i.t.Errorf("%d frames, not %d: %v", got, n, err)
	}
}

// A worker sleeps on a futex when it has nothing to do, and on the bell while
// handlers run.
func TestHowAWorkerSleeps(t *testing.T) {
	for _, mode := range []uint32{parkFutex, parkBell} {
		for name, wake := range map[string]func(i *inbox){
			"a record": func(i *inbox) {
				i.put(1)
				if got := i.peer.TakeParked(); got != mode {
					t.Errorf("it sleeps as %d, not %d", got, mode)
				}
				if mode == parkBell {
					i.bell.Ring()
				} else {
					shm.FutexWake(i.peer.ParkWord())
				}
			},
			"itself": func(i *inbox) { i.end.close(); i.recv.wakeSelf() },
		} {
			i := newInbox(t, true)
			if mode == parkBell {
				i.running.Store(1)
			}
			done := i.attends(i.recv.awaitWorker)
			until(func() bool { return i.parked() == mode })
			if !still(done) {
				t.Errorf("as %d it does not sleep", mode)
			}
			wake(i)
			if <-done; i.parked() != 0 {
				t.Errorf("%s: it is awake, and would be woken", name)
			}
		}
	}
	for name, before := range map[string]func(i *inbox){
		"a record":  func(i *inbox) { i.put(1) },
		"a goodbye": func(i *inbox) { i.peer.End() },
		"its end":   func(i *inbox) { i.end.close() },
	} {
		for running := range int32(2) {
			i := newInbox(t, true)
			i.running.Store(running)
			before(i)
			i.recv.awaitWorker() // a hang if it sleeps
			if i.parked() != 0 || (name == "a goodbye") != i.end.hung.Load() {
				t.Errorf("%s: it would be woken: %d; it has heard a goodbye: %v", name, i.parked(), i.end.hung.Load())
			}
		}
	}
	i := newInbox(t, true)
	i.running.Store(1)
	done := i.attends(i.recv.awaitWorker)
	until(func() bool { return i.parked() == parkBell })
	i.bell.Close()
	if <-done; !i.end.hung.Load() {
		t.Error("the end of the peer is not heard")
	}
}

// What comes at the last moment before a worker announces that it sleeps is
// found, though nobody wakes it for that.
func TestWhatComesWhileAWorkerParks(t *testing.T) {
	for _, running := range []int32{0, 1} {
		for name, comes := range map[string]func(i *inbox){
			"a record":  func(i *inbox) { i.put(1) },
			"a goodbye": func(i *inbox) { i.peer.End() },
			"its end":   func(i *inbox) { i.end.close() },
		} {
			asked := 0
			i := newInbox(t, true)
			i.recv.spin.Miss() // it does not spin
			i.recv.busy = func() bool {
				if asked++; asked == 2+int(running) { // the last time
					comes(i)
				}
				return running > 0
			}
			i.recv.awaitWorker() // a hang if it is overlooked
			if i.parked() != 0 || asked != 2+int(running) {
				t.Errorf("%s: it would be woken: %d; asked %d times", name, i.parked(), asked)
			}
		}
	}
}

// Serve sleeps as its end does: a daemon's, which pollers may receive for, on
// the bell.
func TestServeSleepsAsItsEnd(t *testing.T) {
	for worker, want := range map[bool]uint32{false: parkBell, true: parkFutex} {
		i := newInbox(t, worker)
		i.recv.role.Store(roleNone)
		ended := make(chan error)
		go func() { ended <- i.recv.serve() }()
		until(func() bool { return i.parked() != 0 })
		if got := i.parked(); got != want {
			t.Errorf("worker's end %v: it sleeps as %d, not %d", worker, got, want)
		}
		i.end.close()
		i.recv.wakeSelf()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}
