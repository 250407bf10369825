package ring_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/legion-go/legion/internal/ring"
)

// The words of a ring's header, and the places of its parts. See PROTOCOL.md.
const (
	atHead, atBulk, atStarved, atWant, atWantB = 128, 136, 256, 264, 272
)

// model is what the two sides of a ring should know. Positions only grow.
type model struct {
	t           *testing.T
	tail, btail int // reserved up to here: cells, bytes of the bulk area
	head, bhead int // consumed
	seen, bseen int // published
	want, bwant int // what the producer waits for
	starved     bool
	queue       []modelRecord
	last        uint64 // tag
}

func (m *model) String() string {
	return fmt.Sprintf("reserved %d, %d; consumed %d, %d; published %d, %d; awaited %v %d, %d; %d records",
		m.tail, m.btail, m.head, m.bhead, m.seen, m.bseen, m.starved, m.want, m.bwant, len(m.queue))
}

type modelRecord struct {
	slot                 ring.Slot
	tag                  uint64
	n                    int
	skip                 int // cells that were skipped before it
	cells, bulk          int // with what was skipped in the bulk area
	announced, committed bool
}

var contents = pattern(0, small.MaxPayload()+1000)

// content is cheaper than pattern.
func content(tag uint64, n int) []byte { return contents[tag%1000:][:n] }

// gap is what must be skipped at pos so that n units do not wrap.
func gap(pos, n, size int) int {
	if left := size - pos%size; n > left {
		return left
	}
	return 0
}

// space is what a record of n bytes takes.
func (m *model) space(n int) (skip, cells, bulk int) {
	if n > ring.BulkMin {
		bulk = (n + ring.Cell - 1) / ring.Cell * ring.Cell
		return 0, 1, bulk + gap(m.btail, bulk, small.Bulk)
	}
	cells = (ring.RecordHeader + n + ring.Cell - 1) / ring.Cell
	return gap(m.tail, cells, small.Cells), cells, 0
}

// fits reports whether there is space, one cell to spare.
func (m *model) fits(cells, bulk int) bool {
	return m.tail+cells-m.seen < small.Cells && m.btail+bulk-m.bseen <= small.Bulk
}

// publish reports whether the consumer must wake the producer.
func (m *model) publish() bool {
	m.seen, m.bseen = m.head, m.bhead
	if !m.starved || m.want > m.head || m.bwant > m.bhead {
		return false
	}
	m.starved = false
	return true
}

// awaited is the position at which need units have space and half of the area
// is free; 0 if that is so without the consumer, or nothing is needed.
func awaited(tail, need, size int) int {
	if need == 0 {
		return 0
	}
	return max(0, tail+max(need, size/2)-size)
}

// Both sides do what the model says, and nothing more: what has space, what is
// published, what is waited for, who is woken. In the end the producer dies,
// and what it has committed is salvaged up to the first record of which the
// consumer knows no size.
func TestAgainstAModel(t *testing.T) {
	const quarter = ring.MinBulk / 2 // of small.Bulk
	sizes := []int{0, 1, 48, 49, 112, 113, 5000, ring.BulkMin - 1, ring.BulkMin, ring.BulkMin + 1, 20_000, quarter - ring.Cell, quarter - 1, quarter, quarter, quarter}
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p, c, mem := pair(t, small)
		m := &model{t: t}
		kind := rng.IntN(3) // most records are in cells, in the bulk area, or either
		for range 3000 {
			if rng.IntN(100) == 0 { // everything at once, and no look at an empty ring after it
				for i := range m.queue {
					m.commit(p, i)
				}
				for range len(m.queue) {
					m.receive(c)
				}
			}
			switch rng.IntN(4) {
			case 0, 1:
				n := sizes[rng.IntN(len(sizes))]
				if kind == 0 {
					n = rng.IntN(200)
				} else if kind == 1 {
					n = sizes[len(sizes)-1-rng.IntN(7)]
				}
				m.reserve(p, n, rng.IntN(2) == 0)
			case 2:
				if len(m.queue) > 0 {
					m.commit(p, rng.IntN(min(len(m.queue), 3)))
				}
			case 3:
				for range 1 + rng.IntN(4) {
					m.receive(c)
				}
			}
			m.check(mem)
		}
		m.die(c)
	}
}

// check compares what is in memory.
func (m *model) check(mem []byte) {
	m.t.Helper()
	word := func(off int) int { return int(binary.LittleEndian.Uint64(mem[off:])) }
	starved := mem[atStarved] == 1
	if word(atHead) != m.seen || word(atBulk) != m.bseen || starved != m.starved || word(atWant) != m.want || word(atWantB) != m.bwant {
		m.t.Fatalf("published %d, %d, awaited %v %d, %d; the model says %v",
			word(atHead), word(atBulk), starved, word(atWant), word(atWantB), m)
	}
}

func (m *model) reserve(p *ring.Producer, n int, announce bool) {
	skip, cells, bulk := m.space(n)
	s, ok, err := p.Reserve(n)
	if err != nil || ok != m.fits(skip+cells, bulk) {
		m.t.Fatalf("reserving %d bytes: %v, %v; the model says %v", n, ok, err, m)
	}
	if !ok {
		m.starved = true
		m.want, m.bwant = awaited(m.tail, skip+cells+1, small.Cells), awaited(m.btail, bulk, small.Bulk)
		if ok, err := p.Full(n); ok || err != nil {
			m.t.Fatalf("full for %d bytes: %v, %v", n, ok, err)
		}
		return
	}
	if announce {
		p.Announce(s)
	}
	m.last++
	copy(s.Buf, content(m.last, n))
	m.queue = append(m.queue, modelRecord{slot: s, tag: m.last, n: n, skip: skip, cells: cells, bulk: bulk, announced: announce})
	m.tail += skip + cells
	m.btail += bulk
}

func (m *model) commit(p *ring.Producer, i int) {
	if r := &m.queue[i]; !r.committed {
		p.Commit(r.slot, r.tag)
		r.committed = true
	}
}

// take takes the first of the queue, as the consumer got it.
func (m *model) take(r ring.Record) {
	want := m.queue[0]
	if !want.committed || r.Tag != want.tag || !bytes.Equal(r.Data, content(want.tag, want.n)) {
		m.t.Fatalf("got record %d of %d bytes, not %d of %d", r.Tag, len(r.Data), want.tag, want.n)
	}
	m.queue = m.queue[1:]
	m.head += want.cells
	m.bhead += want.bulk
}

func (m *model) receive(c *ring.Consumer) {
	r, ok := get(m.t, c)
	if len(m.queue) > 0 { // a skip is consumed before the record behind it comes
		m.head += m.queue[0].skip
		m.queue[0].skip = 0
	}
	if want := len(m.queue) > 0 && m.queue[0].committed; ok != want {
		m.t.Fatalf("a record: %v; the model says %v", ok, m)
	}
	if !ok {
		if woken, want := c.Publish(), m.publish(); woken != want {
			m.t.Fatalf("woken %v; the model says %v", woken, m)
		}
		return
	}
	bulk := m.queue[0].bulk > 0
	m.take(r)
	want := (bulk || m.head-m.seen > (small.Cells-1)/8) && m.publish()
	if woken := c.Release(); woken != want {
		m.t.Fatalf("woken %v; the model says %v", woken, m)
	}
	c.Release() // frees nothing, whatever it wakes
}

// die salvages what is left.
func (m *model) die(c *ring.Consumer) {
	for {
		if r, ok := get(m.t, c); ok {
			for len(m.queue) > 0 && !m.queue[0].committed {
				if !m.queue[0].announced {
					m.t.Fatalf("record %d is behind one without a size", r.Tag)
				}
				m.queue = m.queue[1:]
			}
			if len(m.queue) == 0 {
				m.t.Fatalf("record %d was never committed", r.Tag)
			}
			m.take(r)
			c.Release()
			continue
		}
		more, err := c.Salvage()
		if err != nil {
			m.t.Fatal(err)
		}
		if !more {
			break
		}
	}
	for len(m.queue) > 0 && m.queue[0].announced && !m.queue[0].committed {
		m.queue = m.queue[1:]
	}
	if len(m.queue) > 0 && m.queue[0].committed {
		m.t.Fatalf("record %d was not salvaged", m.queue[0].tag)
	}
}

func TestEndIsSeen(t *testing.T) {
	p, c, _ := pair(t, small)
	before := c.Ended()
	p.End()
	if before || !c.Ended() {
		t.Errorf("ended: %v before the end, %v after it", before, c.Ended())
	}
}

// Of all that have committed a record, one wakes the consumer, and knows how.
func TestOneWakesTheConsumer(t *testing.T) {
	p, c, _ := pair(t, small)
	if p.TakeParked() != 0 {
		t.Error("a consumer that does not wait is woken")
	}
	c.Park(2)
	if mode, again := p.TakeParked(), p.TakeParked(); mode != 2 || again != 0 {
		t.Errorf("it waits as %d, then as %d", mode, again)
	}
	c.Park(1)
	c.Unpark()
	if p.TakeParked() != 0 || *c.ParkWord() != 0 || p.ParkWord() != c.ParkWord() {
		t.Error("it does not wait any more")
	}
}
