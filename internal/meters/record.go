package meters

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"unicode/utf8"
	"unsafe"
)

// errRecord is wrapped by the error for memory that is no list of records.
var errRecord = errors.New("records of instruments that make no sense")

// record is one record as the daemon has read it. The key is a private copy of
// id and values; the words are still in the memory that it was read from.
type record struct {
	key   []byte
	words []atomic.Uint64
}

func (r *record) id() uint64 { return binary.LittleEndian.Uint64(r.key) }

// mostLocked returns how many records are read of one worker at most: as many
// as all instruments can have.
func mostLocked() int { return len(registry.list) * (MaxSeries + 1) }

// read calls visit with each record in mem, which begins at a multiple of 8 and
// which somebody else may change at any time, and at most with so many. The key
// is valid until visit returns.
func read(mem []byte, most int, visit func(record)) error {
	var key []byte
	for at := 0; len(mem)-at >= recordHead && most > 0; most-- {
		size := int64(atomic.LoadUint32((*uint32)(unsafe.Pointer(&mem[at])))) // once
		if size == 0 {
			return nil
		}
		if size%8 != 0 || size < recordHead || size > int64(len(mem)-at) {
			return fmt.Errorf("%w: a record of %d bytes where there are %d", errRecord, size, len(mem)-at)
		}
		body := mem[at : at+int(size)]
		at += int(size)
		values := int64(binary.LittleEndian.Uint32(body[4:])) // once
		if recordHead+(values+7)&^7 > size {
			return fmt.Errorf("%w: values of %d bytes in a record of %d", errRecord, values, size)
		}
		key = append(append(key[:0], body[8:recordHead]...), body[recordHead:recordHead+values]...)
		r := record{key: key}
		if rest := body[recordHead+(values+7)&^7:]; len(rest) > 0 {
			r.words = unsafe.Slice((*atomic.Uint64)(unsafe.Pointer(&rest[0])), len(rest)/8)
		}
		visit(r)
	}
	return nil
}

// values takes the values of n labels out of a key; nil if it does not hold
// exactly these.
func (r *record) values(n int) []string {
	b := r.key[8:]
	values := make([]string, 0, n)
	for range n {
		if len(b) == 0 || int(b[0]) > min(MaxValue, len(b)-1) {
			return nil
		}
		v := b[1 : 1+b[0]]
		if !utf8.Valid(v) {
			return nil
		}
		values = append(values, string(v))
		b = b[1+len(v):]
	}
	if len(b) > 0 {
		return nil
	}
	return values
}
