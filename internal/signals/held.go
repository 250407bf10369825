package signals

import (
	"sync"
	"syscall"
)

// Held keeps signals that must wait for a while, with a value for the last of
// each. The zero Held holds none. Its methods may be called from any goroutine.
type Held[T any] struct {
	mu      sync.Mutex
	by      map[syscall.Signal]int // how many times each is held
	waiting map[syscall.Signal]T   // the value of the last of each that came meanwhile
}

// Hold holds signals until release is called, which returns what waited. A
// signal that is held several times is free after as many releases.
func (h *Held[T]) Hold(all []syscall.Signal) (release func() []T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by == nil {
		h.by, h.waiting = map[syscall.Signal]int{}, map[syscall.Signal]T{}
	}
	for _, s := range all {
		h.by[s]++
	}
	return func() []T { return h.release(all) }
}

func (h *Held[T]) release(all []syscall.Signal) (free []T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range all {
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

// Keep reports whether s is held, and remembers v then.
func (h *Held[T]) Keep(s syscall.Signal, v T) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by[s] == 0 {
		return false
	}
	h.waiting[s] = v
	return true
}
