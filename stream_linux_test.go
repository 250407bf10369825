package legion_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// The death of a worker in the midst of a stream is the stream's last error;
// the elements before it have come in order.
func TestStreamWorkerDies(t *testing.T) {
	legiontest.CheckLeaks(t)
	k := newKit(legion.Pool{Max: 1}).start(t)
	var last error
	want := 0
	for n, err := range k.count.All(t.Context(), 1<<40) {
		if last = err; err != nil {
			break
		}
		if n != want {
			t.Fatalf("element %d is %d", want, n)
		}
		if want++; want == 100 {
			killChild(k.count.Pool().Stats().Workers[0].PID)
		}
	}
	var e *legion.WorkerError
	if !errors.Is(last, legion.ErrCrashed) || !errors.As(last, &e) || e.Func != "count" || want < 100 {
		t.Errorf("after %d elements: %v", want, last)
	}
	for _, err := range k.count.All(t.Context(), 3) {
		if err != nil {
			t.Errorf("the next stream: %v", err)
		}
	}
}

func init() { replaceFD = func(old, new int) error { return unix.Dup3(old, new, 0) } }

// A worker that reads nothing of what the daemon tells it cannot have it pile
// up: it is found out when its window is full.
func TestStreamOfADeafWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	f := newFlow(legion.Pool{Max: 1, Transport: legion.Socket})
	legiontest.Start(t, f.d)
	routines := runtime.NumGoroutine()
	var last error
	n := 0
	for _, err := range f.flood.All(t.Context(), -1) {
		last = err
		if n++; n%100 == 0 && runtime.NumGoroutine() > routines+50 {
			t.Fatalf("%d goroutines after %d elements, %d before", runtime.NumGoroutine(), n, routines)
		}
	}
	if !errors.Is(last, legion.ErrCrashed) || !strings.Contains(fmt.Sprint(last), "window") {
		t.Errorf("after %d elements: %v", n, last)
	}
}
