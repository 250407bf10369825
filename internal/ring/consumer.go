package ring

import (
	"fmt"
	"sync/atomic"
)

// Consumer is the receiving side of a ring.
type Consumer struct {
	area
	max         int
	head, bhead uint64 // consumed up to here: cells, bytes of the bulk area
	shown       uint64 // the last head published to the producer
	taken       uint64 // of the record that Next has returned, 0 if none
	takenBulk   uint64
}

// NewConsumer makes the receiving side of the ring in mem, whose memory must
// have been zero when the ring was made. It never writes to the cells or the
// bulk area.
func NewConsumer(mem []byte, g Geometry) (*Consumer, error) {
	a, err := cut(mem, g)
	if err != nil {
		return nil, err
	}
	return &Consumer{area: a, max: g.MaxPayload()}, nil
}

// Record is a record, in place in shared memory.
type Record struct {
	Tag  uint64
	Data []byte // in shared memory, valid until Release; the peer may change it at any time
}

// Ready reports whether Next would find a record (or corruption).
func (c *Consumer) Ready() bool { return c.ReadyAt(c.head) }

// Head is the position of the next record, for ReadyAt.
func (c *Consumer) Head() uint64 { return c.head }

// ReadyAt is Ready for a consumer whose Head was head. It accesses only shared
// memory, so a goroutine that has handed the Consumer over to another may call
// it.
func (c *Consumer) ReadyAt(head uint64) bool { return uint32(load64(c.cells, c.cell(head))) != 0 }

// Next returns the next record, or false if it is not there yet. The record
// must be released before the next call. The error wraps ErrCorrupt; the ring
// must not be used after it.
func (c *Consumer) Next() (Record, bool, error) {
	for {
		off := c.cell(c.head)
		w := load64(c.cells, off)
		if uint32(w) == 0 {
			return Record{}, false, nil
		}
		if uint64(uint32(w)) != stamp(c.head) {
			return Record{}, false, fmt.Errorf("%w: stamp %#x at cell %d", ErrCorrupt, uint32(w), c.head)
		}
		size := w >> 32
		if size != skipSize {
			return c.take(off, size)
		}
		if c.head&c.mask == 0 {
			return Record{}, false, fmt.Errorf("%w: skip at the first cell", ErrCorrupt)
		}
		c.head += c.mask + 1 - c.head&c.mask
	}
}

// take checks the size of the record at off against all limits, and makes the
// record.
func (c *Consumer) take(off int, size uint64) (Record, bool, error) {
	cells, bulk, err := c.extent(size)
	if err != nil {
		return Record{}, false, err
	}
	n := int(size - 1)
	r := Record{Tag: load64(c.cells, off+8)}
	if bulk > 0 {
		bskip := toStart(c.bhead, bulk, c.bulkMask)
		at := (c.bhead + bskip) & c.bulkMask
		r.Data = c.bulk[at : at+uint64(n) : at+uint64(n)]
		bulk += bskip
	} else {
		r.Data = c.cells[off+RecordHeader : off+RecordHeader+n : off+RecordHeader+n]
	}
	c.taken, c.takenBulk = cells, bulk
	return r, true, nil
}

// extent returns the space that a record at head with this size word occupies.
func (c *Consumer) extent(size uint64) (cells, bulk uint64, err error) {
	if size == 0 || size-1 > uint64(c.max) {
		return 0, 0, fmt.Errorf("%w: record of %d bytes, the largest is %d", ErrCorrupt, int64(size)-1, c.max)
	}
	cells, bulk = cellsFor(int(size-1)), bulkFor(int(size-1))
	if toStart(c.head, cells, c.mask) != 0 {
		return 0, 0, fmt.Errorf("%w: record of %d bytes wraps at cell %d", ErrCorrupt, size-1, c.head)
	}
	return cells, bulk, nil
}

// Release frees the space of the last record. It reports true if the producer
// waits for space, has enough now and must be woken. After the last record of a
// burst, call Publish.
func (c *Consumer) Release() bool {
	c.head += c.taken
	c.bhead += c.takenBulk
	big := c.takenBulk > 0
	c.taken, c.takenBulk = 0, 0
	// The producer reads the positions only when it has used up the space that it
	// knew of, so they are published now and then, not with each record.
	if big || c.head-c.shown > c.mask/8 {
		return c.Publish()
	}
	return false
}

// Publish tells the producer how far the consumer has come. It must be called
// before the consumer waits. It reports true if the producer waits for space,
// has enough now and must be woken.
func (c *Consumer) Publish() bool {
	if c.head != c.shown {
		atomic.StoreUint64(word64(c.header, offBulk), c.bhead)
		atomic.StoreUint64(word64(c.header, offHead), c.head)
		c.shown = c.head
	}
	w := word32(c.header, offStarved)
	if atomic.LoadUint32(w) == 0 {
		return false
	}
	// A wrong value here wakes the producer too often or never, which harms only
	// the producer, which wrote it.
	if load64(c.header, offWant) > c.head || load64(c.header, offWantB) > c.bhead {
		return false
	}
	return atomic.SwapUint32(w, 0) != 0
}

// Ended reports whether the producer has called End. Records committed before
// it can still be consumed.
func (c *Consumer) Ended() bool { return atomic.LoadUint32(word32(c.header, offEnd)) == 1 }

// Salvage is for a dead producer: it skips a record that was reserved but never
// committed, so that Next finds complete ones after it. It reports false if
// nothing follows.
func (c *Consumer) Salvage() (bool, error) {
	w := load64(c.cells, c.cell(c.head))
	if w == 0 || uint32(w) != 0 {
		return uint32(w) != 0, nil
	}
	if w>>32 == skipSize {
		return false, fmt.Errorf("%w: skip without a stamp", ErrCorrupt)
	}
	cells, bulk, err := c.extent(w >> 32)
	if err != nil {
		return false, err
	}
	c.head += cells
	if bulk > 0 {
		c.bhead += toStart(c.bhead, bulk, c.bulkMask) + bulk
	}
	return true, nil
}

// Park announces that the consumer is about to wait, and how; mode is not 0.
// Check Ready afterwards, and only then wait.
func (c *Consumer) Park(mode uint32) { atomic.StoreUint32(word32(c.header, offParked), mode) }

// Unpark announces that the consumer no longer waits.
func (c *Consumer) Unpark() { atomic.StoreUint32(word32(c.header, offParked), 0) }

// ParkWord is the word that Park writes, for a futex.
func (c *Consumer) ParkWord() *uint32 { return word32(c.header, offParked) }
