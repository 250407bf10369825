package signals

import (
	"slices"
	"sync"
	"syscall"
	"testing"
)

const winch, term = syscall.SIGWINCH, syscall.SIGTERM

// Of each signal the last one waits, and it comes out when the last of its
// holds is released.
func TestHeld(t *testing.T) {
	var h Held[string]
	if h.Keep(winch, "free") {
		t.Error("it is held, and nothing has held it")
	}
	one := h.Hold([]syscall.Signal{winch, term})
	other := h.Hold([]syscall.Signal{winch})
	for _, v := range []string{"first", "last"} {
		if !h.Keep(winch, v) {
			t.Errorf("the %s is not held", v)
		}
	}
	if h.Keep(syscall.SIGHUP, "free") {
		t.Error("another signal is held")
	}
	if free := one(); len(free) != 0 { // of term none came
		t.Errorf("%q came out while another hold lasts", free)
	}
	if h.Keep(term, "free") || !h.Keep(winch, "very last") {
		t.Error("the wrong one is held after the first release")
	}
	if free := other(); !slices.Equal(free, []string{"very last"}) {
		t.Errorf("%q came out", free)
	}
	if h.Keep(winch, "free") {
		t.Error("it is held after the last release")
	}
	if free := h.Hold([]syscall.Signal{winch})(); len(free) != 0 {
		t.Errorf("%q came out twice", free)
	}
}

// What waited comes out in the order in which the signals were held.
func TestOrderOfHeld(t *testing.T) {
	var h Held[string]
	release := h.Hold([]syscall.Signal{term, winch})
	h.Keep(winch, "winch")
	h.Keep(term, "term")
	if free := release(); !slices.Equal(free, []string{"term", "winch"}) {
		t.Errorf("%q", free)
	}
}

// Holds and signals may come at once; none is lost, and at the end none is
// held.
func TestHeldAtOnce(t *testing.T) {
	var h Held[int]
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 500 {
				release := h.Hold([]syscall.Signal{winch})
				if !h.Keep(winch, i) {
					t.Error("it is not held")
				}
				release()
			}
		})
	}
	all.Wait()
	if h.Keep(winch, 0) || len(h.waiting) != 0 {
		t.Errorf("something is held: %v", h.waiting)
	}
}
