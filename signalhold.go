package legion

import (
	"sync"
	"syscall"

	"github.com/legion-go/legion/event"
)

// heldSignals are those that are not dealt with for a while.
type heldSignals struct {
	mu      sync.Mutex
	by      map[syscall.Signal]int          // how often each is held
	waiting map[syscall.Signal]event.Signal // the last of each that has come meanwhile
}

// HoldSignals keeps signals that Run takes from being dealt with until release is
// called: handlers are not asked, and nothing built in is done. One of each that
// has come meanwhile is dealt with then. It may be called from any goroutine, and
// again: a signal is dealt with when every release has been called. Calling release
// again does nothing.
//
//	release := d.HoldSignals(syscall.SIGHUP) // no reload in between
//	defer release()
//
// A second signal that stops the daemon, SIGTERM or SIGINT, stops it all the same.
// A function of the loop needs none of this: signals wait while it runs.
func (d *Daemon) HoldSignals(signals ...syscall.Signal) (release func()) {
	h := &d.heldSignals
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by == nil {
		h.by, h.waiting = map[syscall.Signal]int{}, map[syscall.Signal]event.Signal{}
	}
	for _, s := range signals {
		h.by[s]++
	}
	return sync.OnceFunc(func() {
		for _, s := range h.release(signals) {
			d.received(s)
		}
	})
}

// keep reports whether s is held, and remembers it then.
func (h *heldSignals) keep(s event.Signal) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by[s.Signal] == 0 {
		return false
	}
	h.waiting[s.Signal] = s
	return true
}

// release ends a hold, and returns what is to be dealt with now.
func (h *heldSignals) release(signals []syscall.Signal) (free []event.Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range signals {
		if h.by[s]--; h.by[s] > 0 {
			continue
		}
		delete(h.by, s)
		if came, ok := h.waiting[s]; ok {
			delete(h.waiting, s)
			free = append(free, came)
		}
	}
	return free
}
