package wire

import (
	"encoding/binary"
	"fmt"
)

// A streamed result has a window, which bounds the part of it that is under
// way: sent as Items, and not yet acknowledged by Credits as taken by the
// reader. An Item may be sent while fewer than StreamItems and less than
// StreamBytes are under way. So the reader's end holds at most StreamItems, and
// less than StreamBytes besides the last one, which may be as large as a
// payload.
const (
	StreamItems = 32
	StreamBytes = 4 << 20
)

// Window counts the part of a streamed result that is under way. Each end keeps
// its own count; the reader's is never larger.
type Window struct {
	items int
	bytes int64
}

// Full reports whether no more Items may be sent.
func (w *Window) Full() bool { return w.items >= StreamItems || w.bytes >= StreamBytes }

// Add counts an Item with n bytes of payload.
func (w *Window) Add(n int) {
	w.items++
	w.bytes += int64(n)
}

// Take subtracts what the reader has taken.
func (w *Window) Take(t Taken) {
	w.items -= int(t.Items)
	w.bytes -= int64(t.Bytes)
}

// Taken is what the reader of a streamed result has taken since the last
// Credit: the payload of a Credit.
type Taken struct {
	Items uint32
	Bytes uint64 // total size of their payloads
}

// Worth reports whether t should be sent: a waiting writer has at least this
// much under way, and can then continue.
func (t Taken) Worth() bool { return t.Items >= StreamItems/2 || t.Bytes >= StreamBytes/2 }

const creditSize = 12

// AppendCredit appends the encoding of t to b.
func AppendCredit(b []byte, t Taken) []byte {
	b = binary.LittleEndian.AppendUint32(b, t.Items)
	return binary.LittleEndian.AppendUint64(b, t.Bytes)
}

// DecodeCredit decodes the whole of b.
func DecodeCredit(b []byte) (Taken, error) {
	if len(b) != creditSize {
		return Taken{}, fmt.Errorf("%w: credit of %d bytes", ErrMalformed, len(b))
	}
	return Taken{Items: binary.LittleEndian.Uint32(b), Bytes: binary.LittleEndian.Uint64(b[4:])}, nil
}
