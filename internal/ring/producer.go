package ring

import (
	"fmt"
	"sync/atomic"
)

// Producer is the sending side of a ring.
type Producer struct {
	area
	max         int
	tail, btail uint64 // reserved up to here: cells, bytes of the bulk area
	head, bhead uint64 // the last positions read from the consumer
}

// NewProducer makes the sending side of the ring in mem, whose memory must be
// zero.
func NewProducer(mem []byte, g Geometry) (*Producer, error) {
	a, err := cut(mem, g)
	if err != nil {
		return nil, err
	}
	return &Producer{area: a, max: g.MaxPayload()}, nil
}

// Slot is a reserved record.
type Slot struct {
	Buf []byte // the payload, to be filled before Commit
	pos uint64
}

// Reserve takes space for a payload of n bytes, 0 to Geometry.MaxPayload. It
// reports false if there is no space. Every Slot must be committed, at once or
// after Announce: the consumer cannot pass an uncommitted one. The error wraps
// ErrCorrupt.
func (p *Producer) Reserve(n int) (Slot, bool, error) {
	if n < 0 || n > p.max {
		return Slot{}, false, fmt.Errorf("reserve %d bytes in a ring that takes %d at a time", n, p.max)
	}
	cells, bulk := cellsFor(n), bulkFor(n)
	skip, bskip := toStart(p.tail, cells, p.mask), uint64(0)
	if bulk > 0 {
		bskip = toStart(p.btail, bulk, p.bulkMask)
	}
	if !p.fits(skip+cells, bskip+bulk) {
		if err := p.refresh(); err != nil {
			return Slot{}, false, err
		}
		if !p.fits(skip+cells, bskip+bulk) {
			return Slot{}, false, nil
		}
	}
	if skip > 0 {
		p.clear(p.tail + skip)
		atomic.StoreUint64(word64(p.cells, p.cell(p.tail)), stamp(p.tail)|skipSize<<32)
		p.tail += skip
	}
	off := p.cell(p.tail)
	s := Slot{pos: p.tail}
	if bulk > 0 {
		at := (p.btail + bskip) & p.bulkMask
		s.Buf = p.bulk[at : at+uint64(n) : at+uint64(n)]
		p.btail += bskip + bulk
	} else {
		at := off + RecordHeader
		s.Buf = p.cells[at : at+n : at+n]
	}
	p.tail += cells
	p.clear(p.tail)
	return s, true, nil
}

// clear makes sure that the consumer finds nothing at pos. This is in time: the
// record before pos is not committed yet, so the consumer cannot get there.
func (p *Producer) clear(pos uint64) { *word64(p.cells, p.cell(pos)) = 0 }

// Announce writes the size of a record that will be committed after others may
// have been reserved: if this process dies in between, the consumer can still
// find the records after it. It costs a transfer of the cache line that the
// consumer may be polling, so do not call it for a record that is committed at
// once. Call it before the next Reserve.
func (p *Producer) Announce(s Slot) {
	atomic.StoreUint64(word64(p.cells, p.cell(s.pos)), uint64(len(s.Buf)+1)<<32)
}

// Commit publishes the record with the caller's tag. Slots may be committed in
// any order and by any goroutine.
func (p *Producer) Commit(s Slot, tag uint64) {
	off := p.cell(s.pos)
	*word64(p.cells, off+8) = tag // ordered by the store that follows
	atomic.StoreUint64(word64(p.cells, off), stamp(s.pos)|uint64(len(s.Buf)+1)<<32)
}

// fits reports whether there is space, with a cell to spare for clear.
func (p *Producer) fits(cells, bulk uint64) bool {
	return p.tail+cells-p.head <= p.mask && p.btail+bulk-p.bhead <= p.bulkMask+1
}

// refresh loads the positions that the consumer has published. Positions only
// grow, and never beyond what was reserved.
func (p *Producer) refresh() error {
	head, bhead := load64(p.header, offHead), load64(p.header, offBulk)
	if head < p.head || head > p.tail {
		return fmt.Errorf("%w: consumed %d cells of %d, had consumed %d", ErrCorrupt, head, p.tail, p.head)
	}
	if bhead < p.bhead || bhead > p.btail {
		return fmt.Errorf("%w: consumed %d bulk bytes of %d, had consumed %d", ErrCorrupt, bhead, p.btail, p.bhead)
	}
	p.head, p.bhead = head, bhead
	return nil
}

// Full must be called when Reserve(n) finds no space: it asks the consumer to
// wake the producer when there is enough, and at least half a ring, because
// waking costs more than a record. It reports true if there is space already,
// in which case the consumer may or may not wake the producer.
//
// No wake-up is lost: the producer writes the positions it waits for and then
// reads the consumer's, the consumer writes its positions and then reads the
// awaited ones; both orders are sequentially consistent.
func (p *Producer) Full(n int) (bool, error) {
	cells, bulk := cellsFor(n), bulkFor(n)
	cells += toStart(p.tail, cells, p.mask)
	if bulk > 0 {
		bulk += toStart(p.btail, bulk, p.bulkMask)
	}
	atomic.StoreUint64(word64(p.header, offWant), want(p.tail, cells+1, p.mask+1))
	atomic.StoreUint64(word64(p.header, offWantB), want(p.btail, bulk, p.bulkMask+1))
	atomic.StoreUint32(word32(p.header, offStarved), 1)
	if err := p.refresh(); err != nil {
		return false, err
	}
	return p.fits(cells, bulk), nil
}

// want returns the position the consumer must reach for need units to fit and
// half the area to be free. It is never more than tail, so a consumer that has
// consumed everything has always come far enough.
func want(tail, need, size uint64) uint64 {
	free := max(need, size/2)
	if need == 0 || tail+free <= size {
		return 0
	}
	return tail + free - size
}

// TakeParked reports how the consumer waits, 0 if it does not. If it does, the
// caller must wake it: of several callers, only one gets a value other than 0.
// Call it after Commit.
func (p *Producer) TakeParked() uint32 {
	w := word32(p.header, offParked)
	v := atomic.LoadUint32(w)
	if v == 0 || !atomic.CompareAndSwapUint32(w, v, 0) {
		return 0
	}
	return v
}

// ParkWord is the word that the consumer parks on.
func (p *Producer) ParkWord() *uint32 { return word32(p.header, offParked) }

// End announces that no more records will be committed. The consumer sees it at
// its next check, so wake it.
func (p *Producer) End() { atomic.StoreUint32(word32(p.header, offEnd), 1) }
