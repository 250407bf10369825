package pool

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// The slowest calls of the last hour are told, whatever was slower before; and
// once a quarter is full of slow calls, quick ones are not even looked at.
func TestSlowest(t *testing.T) {
	var s slowest
	type call struct{ end, took time.Duration }
	var all []call
	random := rand.New(rand.NewPCG(1, 2))
	looked := 0
	for now := time.Minute; now < 5*time.Hour; now += time.Second {
		took := time.Duration(random.Int64N(int64(time.Minute)))
		if now < time.Hour {
			took += time.Hour // those were far slower, long ago
		}
		r := callRecord{number: uint64(len(all)), queued: now - took, end: now}
		all = append(all, call{now, took})
		s.turn(now) // as Pool.Measure does
		if took > s.least {
			looked++
			s.add(&r, now)
		}
		if len(all)%500 != 0 {
			continue
		}
		byQuarter := map[time.Duration][]call{}
		for _, c := range all {
			byQuarter[c.end/slowSpan] = append(byQuarter[c.end/slowSpan], c)
		}
		var want []time.Duration
		for _, quarter := range byQuarter {
			slices.SortFunc(quarter, func(a, b call) int { return cmp.Compare(b.took, a.took) })
			for _, c := range quarter[:min(len(quarter), mostSlow)] {
				if c.end >= now-slowFor {
					want = append(want, c.took)
				}
			}
		}
		slices.Sort(want)
		slices.Reverse(want)
		var got []time.Duration
		for _, r := range s.list(now) {
			got = append(got, r.took())
		}
		if !slices.Equal(got, want[:mostSlow]) {
			t.Fatalf("at %v: %v, not %v", now, got, want[:mostSlow])
		}
	}
	if looked > len(all)/4 {
		t.Errorf("%d of %d calls were looked at", looked, len(all))
	}
	if list := s.list(24 * time.Hour); len(list) > 0 || s.least != 0 {
		t.Errorf("%d are left the day after", len(list))
	}
}
