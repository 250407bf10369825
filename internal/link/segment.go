package link

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/legion-go/legion/internal/ring"
	"github.com/legion-go/legion/internal/shm"
	"github.com/legion-go/legion/internal/wire"
)

// The segment: a page that describes it, the started marks, the ring to the
// worker, the ring to the daemon, the worker's meters if it has any, each
// starting at a page.
const (
	page      = 4096
	magic     = 0x004e4f4947454c01 // \x01LEGION\0
	marksAt   = page
	toWorkAt  = marksAt + marksSize
	ringCells = 8192 // 512 KiB: 126 payloads of 4 KiB, or 8192 of up to 48 bytes
)

// segment is a mapped segment, divided into its parts.
type segment struct {
	g                  ring.Geometry
	mem                []byte
	marks              marks
	toWorker, toDaemon []byte
	meters             []byte // see Options.Meters; empty: none
}

func geometry(buffer int) ring.Geometry {
	return ring.Geometry{Cells: ringCells, Bulk: 1 << bits.Len(uint(buffer-1))}
}

func pages(n int) int { return (n + page - 1) &^ (page - 1) }

func ringSize(g ring.Geometry) int { return pages(g.Size()) }

// allocatedFirst returns the parts that every link needs: all but the bulk
// areas and the meters, which are allocated at their first use. Most links
// carry no large payloads.
func allocatedFirst(g ring.Geometry) []shm.Extent {
	second := toWorkAt + ringSize(g)
	return []shm.Extent{{From: 0, To: toWorkAt + g.BulkAt()}, {From: second, To: second + g.BulkAt()}}
}

// metersAt is where the meters begin, and the size of a segment without.
func metersAt(g ring.Geometry) int { return toWorkAt + 2*ringSize(g) }

// describe writes the first page.
func describe(mem []byte, g ring.Geometry, meters int) {
	binary.LittleEndian.PutUint64(mem, magic)
	binary.LittleEndian.PutUint32(mem[8:], wire.Version)
	binary.LittleEndian.PutUint32(mem[12:], uint32(g.Cells))
	binary.LittleEndian.PutUint32(mem[16:], uint32(g.Bulk))
	binary.LittleEndian.PutUint32(mem[20:], uint32(meters))
}

// described reads the first page. It is for the worker, which trusts the
// daemon; the daemon never reads it.
func described(mem []byte) (ring.Geometry, error) {
	if len(mem) < page || binary.LittleEndian.Uint64(mem) != magic {
		return ring.Geometry{}, fmt.Errorf("inherited memory is not a segment of legion's")
	}
	if v := binary.LittleEndian.Uint32(mem[8:]); v != wire.Version {
		return ring.Geometry{}, fmt.Errorf("segment of protocol version %d, this is %d", v, wire.Version)
	}
	g := ring.Geometry{
		Cells: int(binary.LittleEndian.Uint32(mem[12:])),
		Bulk:  int(binary.LittleEndian.Uint32(mem[16:])),
	}
	if err := g.Check(); err != nil {
		return g, err
	}
	if size := metersAt(g) + int(binary.LittleEndian.Uint32(mem[20:])); len(mem) != size {
		return g, fmt.Errorf("segment of %d bytes describes one of %d", len(mem), size)
	}
	return g, nil
}

func cutSegment(mem []byte, g ring.Geometry) segment {
	at, end := toWorkAt+ringSize(g), metersAt(g)
	return segment{
		g: g, mem: mem,
		marks:    marks{mem[marksAt:toWorkAt:toWorkAt]},
		toWorker: mem[toWorkAt:at:at],
		toDaemon: mem[at:end:end],
		meters:   mem[end:],
	}
}
