package main

import (
	"errors"
	"testing"
	"time"
)

// A measurement that others disturbed is made again, as long as there is time.
func TestPatience(t *testing.T) {
	began := time.Now()
	var clock, used time.Duration
	calm := &patience{left: 2500 * time.Millisecond, read: func() (busy, bool) { return busy{began.Add(clock), used, 0, 1}, true }}
	measured := 0
	measure := func(noisy int) func() (Sample, error) {
		measured = 0
		return func() (Sample, error) {
			measured++
			clock += time.Second
			if measured <= noisy {
				used += time.Hour
			}
			return Sample{P50: float64(measured)}, nil
		}
	}
	for _, step := range []struct {
		about       string
		of          Peer
		noisy, want int
	}{
		{"quiet", fakePeer("x"), 0, 1},
		{"noisy twice", fakePeer("x"), 2, 3},
		{"a daemon that goes on", newLegionSmallPeer(), 9, 1},
		{"half a second is left", fakePeer("x"), 9, 2},
		{"none is left", fakePeer("x"), 9, 1},
	} {
		sample, err := calm.measure(step.of, measure(step.noisy))
		if err != nil || measured != step.want || sample[P50] != float64(step.want) {
			t.Errorf("%s: measured %d times, %v, %v; want %d", step.about, measured, sample, err, step.want)
		}
	}
	if calm.again != 3 {
		t.Errorf("%d measurements were thrown away, want 3", calm.again)
	}
	calm.left = time.Hour
	broken := errors.New("broken")
	if _, err := calm.measure(fakePeer("x"), func() (Sample, error) { used += time.Hour; clock += time.Second; return nil, broken }); err != broken {
		t.Errorf("a measurement that fails: %v", err)
	}
}
