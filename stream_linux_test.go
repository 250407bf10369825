package legion_test

import (
	"errors"
	"testing"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// The death of a worker in the midst of a stream is the stream's last error; the
// elements before it have come in order.
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
