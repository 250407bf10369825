package wire

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits of a Seal.
const (
	MaxSealParts = 32      // entries of Held, and of Missing
	MaxSealText  = 1 << 10 // bytes of an entry
)

// Seal says what confines a worker from its Ready on. Its zero value is that of
// a worker without a sandbox.
type Seal struct {
	Sealed  bool
	Took    time.Duration // the sealing
	Held    []string      // what holds
	Missing []string      // what the system cannot hold, and the pool does without
}

// appendSeal appends the encoding of s to b. Entries beyond MaxSealParts are
// left out, and longer ones than MaxSealText cut.
func appendSeal(b []byte, s Seal) []byte {
	if !s.Sealed {
		return append(b, 0)
	}
	b = append(b, 1)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.Took))
	for _, parts := range [2][]string{s.Held, s.Missing} {
		parts = parts[:min(len(parts), MaxSealParts)]
		b = append(b, byte(len(parts)))
		for _, part := range parts {
			part = cut(part, MaxSealText)
			b = binary.LittleEndian.AppendUint16(b, uint16(len(part)))
			b = append(b, part...)
		}
	}
	return b
}

// decodeSeal decodes a Seal at the begin of b, and returns the rest.
func decodeSeal(b []byte) (s Seal, rest []byte, err error) {
	bad := func() (Seal, []byte, error) {
		return Seal{}, nil, fmt.Errorf("%w: hello with a bad seal", ErrMalformed)
	}
	if len(b) == 0 || b[0] > 1 {
		return bad()
	}
	if b[0] == 0 {
		return Seal{}, b[1:], nil
	}
	if len(b) < 9 {
		return bad()
	}
	s = Seal{Sealed: true, Took: time.Duration(binary.LittleEndian.Uint64(b[1:]))}
	b = b[9:]
	for _, parts := range [2]*[]string{&s.Held, &s.Missing} {
		if len(b) == 0 || b[0] > MaxSealParts {
			return bad()
		}
		n := b[0]
		b = b[1:]
		for range n {
			if len(b) < 2 {
				return bad()
			}
			size := int(binary.LittleEndian.Uint16(b))
			b = b[2:]
			if size > MaxSealText || size > len(b) || !utf8.Valid(b[:size]) {
				return bad()
			}
			*parts = append(*parts, string(b[:size]))
			b = b[size:]
		}
	}
	if s.Took < 0 {
		return bad()
	}
	return s, b, nil
}
