package wire

import (
	"encoding/binary"
	"fmt"
	"time"
)

// AppendSnapshot appends the encoding of a request for a snapshot to b: its
// number, and how long the call may still run.
func AppendSnapshot(b []byte, number uint64, grace time.Duration) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, number), uint64(grace))
}

// DecodeSnapshot decodes the whole of b.
func DecodeSnapshot(b []byte) (number uint64, grace time.Duration, err error) {
	if len(b) != 16 || int64(binary.LittleEndian.Uint64(b[8:])) < 0 {
		return 0, 0, fmt.Errorf("%w: snapshot of %d bytes", ErrMalformed, len(b))
	}
	return binary.LittleEndian.Uint64(b), time.Duration(binary.LittleEndian.Uint64(b[8:])), nil
}
