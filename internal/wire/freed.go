package wire

import (
	"encoding/binary"
	"fmt"
)

// MaxFreed is the number of offsets in one Freed.
const MaxFreed = 512

const offsetSize = 8

// AppendOffsets appends the encoding of the offsets of parts of an arena, in
// bytes, to b. More than MaxFreed are cut.
func AppendOffsets(b []byte, offsets []uint64) []byte {
	for _, at := range offsets[:min(len(offsets), MaxFreed)] {
		b = binary.LittleEndian.AppendUint64(b, at)
	}
	return b
}

// DecodeOffsets decodes the whole of b.
func DecodeOffsets(b []byte) ([]uint64, error) {
	if len(b)%offsetSize != 0 || len(b) > MaxFreed*offsetSize {
		return nil, fmt.Errorf("%w: offsets of %d bytes", ErrMalformed, len(b))
	}
	offsets := make([]uint64, len(b)/offsetSize)
	for i := range offsets {
		offsets[i] = binary.LittleEndian.Uint64(b[i*offsetSize:])
	}
	return offsets, nil
}
