package wire

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxNote is the limit of the note of a Progress, in bytes. A longer one is cut
// on encoding and refused on decoding.
const MaxNote = 64

// Done is how far a call has come, as its function says: the payload of a
// Progress.
type Done struct {
	Done, Of float64 // finite
	Note     string  // printable
}

// AppendProgress appends the encoding of d to b. What it may not hold is left
// out: numbers that are not finite become 0.
func AppendProgress(b []byte, d Done) []byte {
	for _, v := range [...]float64{d.Done, d.Of} {
		if !finite(v) {
			v = 0
		}
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	d.Note = cut(d.Note, 4*MaxNote) // before all of it is looked at
	note := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, d.Note)
	return append(b, cut(note, MaxNote)...)
}

// DecodeProgress decodes the whole of b. The result holds no reference to b.
func DecodeProgress(b []byte) (d Done, err error) {
	if len(b) < 16 || len(b) > 16+MaxNote {
		return d, fmt.Errorf("%w: progress of %d bytes", ErrMalformed, len(b))
	}
	d.Done = math.Float64frombits(binary.LittleEndian.Uint64(b))
	d.Of = math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
	d.Note = string(b[16:])
	if !finite(d.Done) || !finite(d.Of) {
		return Done{}, fmt.Errorf("%w: progress of %v of %v", ErrMalformed, d.Done, d.Of)
	}
	for _, r := range d.Note {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return Done{}, fmt.Errorf("%w: the note %q of a progress is not printable", ErrMalformed, d.Note)
		}
	}
	return d, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
