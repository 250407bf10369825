package legion_test

import (
	"runtime/metrics"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// A worker that floods its standard output costs the daemon no memory, and its
// neighbours nothing.
func TestOutputFlood(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	if _, err := s.spare.Call(t.Context(), "warm"); err != nil {
		t.Fatal(err)
	}
	before := held()
	flood := s.do.Go(t.Context(), deed{What: "flood", Size: 400 << 20})
	most, calls := before, 0
	for over := false; !over; {
		select {
		case <-flood.Done():
			over = true
		case <-time.After(time.Millisecond):
		}
		if _, err := s.spare.Call(t.Context(), "x"); err != nil {
			t.Errorf("the other pool: %v", err)
		}
		calls++
		most = max(most, held())
	}
	if _, err := flood.Result(); err != nil {
		t.Error(err)
	}
	if grown := most - before; grown > 128<<20 {
		t.Errorf("the daemon grew by %d MiB", grown>>20)
	}
	t.Logf("%d calls of the other pool meanwhile; the daemon grew by %d MiB", calls, (most-before)>>20)
}

// held is how much memory the Go runtime of this process has.
func held() int {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(sample)
	return int(sample[0].Value.Uint64() - sample[1].Value.Uint64())
}
