package ring

import (
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
	"unsafe"
)

const (
	// Cell is the unit of allocation: one cache line on common machines.
	Cell = 64
	// RecordHeader is the size of a record's header in its first cell, in bytes:
	// one word with stamp and size, one for the caller's tag.
	RecordHeader = 16
	// BulkMin is the largest payload, in bytes, that is kept in cells; larger ones
	// are kept in the bulk area.
	BulkMin = 16 << 10

	// MinCells is chosen so that the largest record kept in cells fits twice.
	MinCells = 1024
	// MinBulk, in bytes, is chosen so that the smallest bulk payload fits twice.
	MinBulk = 64 << 10
	// maxArea bounds both areas, so that every size fits into the 32 bits of a
	// record header.
	maxArea = 1 << 30
)

// Offsets of the words that the two sides share. Each writer's words are on a
// separate pair of cache lines, because processors prefetch lines in pairs.
const (
	offParked  = 0   // u32: the consumer waits, and how; the producer clears it and wakes
	offHead    = 128 // u64: cells consumed
	offBulk    = 136 // u64: bytes of the bulk area consumed
	offStarved = 256 // u32: the producer waits for space; the consumer clears it and wakes
	offWant    = 264 // u64: the producer waits until offHead reaches this
	offWantB   = 272 // u64: and offBulk reaches this
	offEnd     = 280 // u32: 1 when the producer will commit no more
	headerSize = 512
)

// The first word of a record: the stamp in its low half, 0 until the record is
// committed; one more than the size of the payload in its high half, from the
// moment it is reserved. A skip sends the consumer to the first cell.
const (
	stampBit = 1 << 31
	skipSize = 1<<32 - 1
)

// ErrCorrupt is wrapped by every error about shared memory with contents that
// an honest peer would not write.
var ErrCorrupt = errors.New("shared memory corrupted by the peer")

// Geometry is the size of a ring; both sides must use the same.
type Geometry struct {
	Cells int // a power of two
	Bulk  int // bytes of the bulk area, a power of two
}

// Check returns an error if g is invalid.
func (g Geometry) Check() error {
	if g.Cells < MinCells || g.Cells > maxArea/Cell || bits.OnesCount(uint(g.Cells)) != 1 {
		return fmt.Errorf("ring of %d cells: need a power of two from %d to %d", g.Cells, MinCells, maxArea/Cell)
	}
	if g.Bulk < MinBulk || g.Bulk > maxArea || bits.OnesCount(uint(g.Bulk)) != 1 {
		return fmt.Errorf("ring with a bulk area of %d bytes: need a power of two from %d to %d", g.Bulk, MinBulk, maxArea)
	}
	return nil
}

// Size returns the bytes of memory that a ring of this geometry takes, a
// multiple of Cell.
func (g Geometry) Size() int { return headerSize + g.Cells*Cell + g.Bulk }

// BulkAt returns the offset of the bulk area in the memory of a ring.
func (g Geometry) BulkAt() int { return headerSize + g.Cells*Cell }

// MaxPayload returns the largest payload that Reserve takes, in bytes. Half the
// bulk area always fits, however much must be skipped; a quarter lets the two
// sides work at the same time.
func (g Geometry) MaxPayload() int { return g.Bulk / 4 }

// area is the memory of a ring, divided into its parts.
type area struct {
	header, cells, bulk []byte
	mask, bulkMask      uint64 // position to cell, position to byte of the bulk area
}

func cut(mem []byte, g Geometry) (area, error) {
	if err := g.Check(); err != nil {
		return area{}, err
	}
	if len(mem) < g.Size() {
		return area{}, fmt.Errorf("ring of %d bytes in memory of %d", g.Size(), len(mem))
	}
	if uintptr(unsafe.Pointer(&mem[0]))%8 != 0 {
		return area{}, errors.New("memory of a ring must be aligned to 8 bytes")
	}
	c := headerSize + g.Cells*Cell
	return area{
		header: mem[:headerSize:headerSize],
		cells:  mem[headerSize:c:c],
		bulk:   mem[c:g.Size():g.Size()],
		mask:   uint64(g.Cells - 1), bulkMask: uint64(g.Bulk - 1),
	}, nil
}

// word32 and word64 are the only unsafe accesses of this package: words of the
// shared memory, to be used with sync/atomic only. Offsets are multiples of the
// word's size; the slice expression checks the bounds.
func word32(b []byte, off int) *uint32 { return (*uint32)(unsafe.Pointer(&b[off : off+4 : off+4][0])) }
func word64(b []byte, off int) *uint64 { return (*uint64)(unsafe.Pointer(&b[off : off+8 : off+8][0])) }

// cell is the offset of the cell at a position.
func (a *area) cell(pos uint64) int { return int(pos&a.mask) * Cell }

// cellsFor returns how many cells a record with n bytes of payload takes.
func cellsFor(n int) uint64 {
	if n > BulkMin {
		return 1
	}
	return uint64(n+RecordHeader+Cell-1) / Cell
}

// bulkFor returns how many bytes of the bulk area a payload takes; 0 if it is
// kept in cells.
func bulkFor(n int) uint64 {
	if n <= BulkMin {
		return 0
	}
	return (uint64(n) + Cell - 1) &^ (Cell - 1)
}

// toStart returns the distance from pos to the next beginning of its area if
// size units at pos would wrap, and 0 otherwise. Both sides apply it to the
// bulk area; for the cells only the producer does, and writes a skip.
func toStart(pos, size, mask uint64) uint64 {
	if at := pos & mask; at+size > mask+1 {
		return mask + 1 - at
	}
	return 0
}

func stamp(pos uint64) uint64 { return uint64(uint32(pos) | stampBit) }

func load64(b []byte, off int) uint64 { return atomic.LoadUint64(word64(b, off)) }
