package history

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/status"
)

// record is what came of calls in a step.
type record struct {
	calls         uint16
	errors        uint8
	cpu           uint8 // milliseconds
	p50, p90, p99 uint8 // microseconds
	buckets       [11]uint8
}

// state is the state of a pool in a step.
type state struct {
	queued, running, workers uint16
	memory                   uint16 // KiB
	oldest, deaths           uint8  // oldest in microseconds
}

// recordSize and stateSize are how many bytes a record and a state are passed
// on as.
const (
	recordSize = 18
	stateSize  = 10
)

// bucketCount is how many buckets a sample has, and levelBits how many bits
// each of them takes in record.buckets.
const (
	bucketCount = 17
	levelBits   = 5
	levels      = 1<<levelBits - 1
)

// counts are the differences between two samples.
type counts struct {
	calls, errors uint64
	cpu           time.Duration
	took          *pool.Durations
}

func (c *counts) record() (r record) {
	r.calls, r.errors = squeeze16(c.calls), squeeze8(c.errors)
	r.cpu = squeeze8(uint64(max(c.cpu, 0) / time.Millisecond))
	if c.took == nil {
		return r
	}
	total := uint64(0)
	var in [bucketCount]uint64
	for i, n := range c.took {
		if n > 0 {
			total += n
			in[c.took.Bound(i)] += n
		}
	}
	if total == 0 {
		return r
	}
	r.p50, r.p90, r.p99 = c.percentile(total, 50), c.percentile(total, 90), c.percentile(total, 99)
	for i, n := range in {
		r.setLevel(i, level(n, total))
	}
	return r
}

func (c *counts) percentile(total, p uint64) uint8 {
	rank := (total*p + 99) / 100
	for i, n := range c.took {
		if n >= rank {
			return squeeze8(uint64((c.took.Top(i) + time.Microsecond/2) / time.Microsecond))
		}
		rank -= n
	}
	return 0
}

// level is a bucket's part of the calls: 31 is all of them, three levels less
// the half of that, and 0 none.
func level(n, calls uint64) uint8 {
	if n == 0 {
		return 0
	}
	part := float64(n) / float64(calls)
	return uint8(min(max(math.Round(levels+3*math.Log2(part)), 1), levels))
}

func ofLevel(l uint8, calls uint64) int {
	if l == 0 {
		return 0
	}
	return int(max(math.Round(float64(calls)*math.Exp2((float64(l)-levels)/3)), 1))
}

func (r *record) setLevel(i int, l uint8) {
	bit := i * levelBits
	word := uint16(l) << (bit % 8)
	r.buckets[bit/8] |= uint8(word)
	if bit%8 > 8-levelBits {
		r.buckets[bit/8+1] |= uint8(word >> 8)
	}
}

func (r *record) levelOf(i int) uint8 {
	bit := i * levelBits
	word := uint16(r.buckets[bit/8])
	if bit%8 > 8-levelBits {
		word |= uint16(r.buckets[bit/8+1]) << 8
	}
	return uint8(word>>(bit%8)) & levels
}

// sample adds the record of so many seconds to s.
func (r *record) sample(s *status.Sample, seconds float64) {
	calls := swell16(r.calls)
	s.Calls, s.Errors = float64(calls)/seconds, float64(swell8(r.errors))/seconds
	s.CPU = float64(swell8(r.cpu)) / 1000 / seconds
	if calls == 0 {
		return
	}
	s.P50, s.P90, s.P99 = micros(r.p50), micros(r.p90), micros(r.p99)
	s.Buckets = make([]int, bucketCount)
	for i := range s.Buckets {
		s.Buckets[i] = ofLevel(r.levelOf(i), calls)
	}
}

// sample adds the state to s.
func (t *state) sample(s *status.Sample) {
	s.Queued, s.Running, s.Workers = int(swell16(t.queued)), int(swell16(t.running)), int(swell16(t.workers))
	s.OldestWait, s.Memory, s.Deaths = micros(t.oldest), swell16(t.memory)<<10, int(swell8(t.deaths))
}

func (r *record) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, r.calls)
	return append(append(b, r.errors, r.cpu, r.p50, r.p90, r.p99), r.buckets[:]...)
}

func readRecord(b []byte) record {
	return record{binary.LittleEndian.Uint16(b), b[2], b[3], b[4], b[5], b[6], [11]uint8(b[7:recordSize])}
}

func (t *state) append(b []byte) []byte {
	for _, n := range []uint16{t.queued, t.running, t.workers, t.memory} {
		b = binary.LittleEndian.AppendUint16(b, n)
	}
	return append(b, t.oldest, t.deaths)
}

func readState(b []byte) state {
	n := func(at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
	return state{n(0), n(2), n(4), n(6), b[8], b[9]}
}

func micros(c uint8) time.Duration { return time.Duration(swell8(c)) * time.Microsecond }
