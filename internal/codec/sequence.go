package codec

import (
	"reflect"
	"unsafe"

	"github.com/legion-go/legion/payload"
)

// sliceHeader is the layout of every slice.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

var bigEndian = func() bool {
	x := uint16(1)
	return *(*byte)(unsafe.Pointer(&x)) == 0
}()

// array fills in the plan of n elements of size bytes in a row.
func array(p, elem *plan, n int, size uintptr) {
	if elem.min == 0 { // always zero bytes: nothing to encode
		n = 0
	}
	p.enc = func(b []byte, p unsafe.Pointer, depth int) (_ []byte, err error) {
		for i := range n {
			if b, err = elem.enc(b, unsafe.Add(p, uintptr(i)*size), depth); err != nil {
				return b, at(err, index(i))
			}
		}
		return b, nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		for i := range n {
			if err := elem.dec(d, unsafe.Add(p, uintptr(i)*size)); err != nil {
				return at(err, index(i))
			}
		}
		return nil
	}
}

// bulkArray fills in the plan of an array of numbers or bools, which is copied.
func bulkArray(p, elem *plan) {
	size, unit, bools := int(p.typ.Size()), elem.unit, elem.typ.Kind() == reflect.Bool
	p.enc = func(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		return appendBulk(b, p, size, unit), nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		src, err := d.take(size)
		if err != nil {
			return err
		}
		return copyBulk(p, src, unit, bools)
	}
}

// slice fills in the plan of a slice of any element.
func slice(p, elem *plan) {
	typ, size := p.typ, p.typ.Elem().Size()
	empty := reflect.MakeSlice(typ, 0, 0)
	strings := elem.typ.Kind() == reflect.String && elem.own == nil
	p.enc = func(b []byte, p unsafe.Pointer, depth int) (_ []byte, err error) {
		h := *(*sliceHeader)(p)
		if h.data == nil {
			return append(b, 0), nil
		}
		b = putUvarint(b, uint64(h.len)+1)
		for i := range h.len {
			if b, err = elem.enc(b, unsafe.Add(h.data, uintptr(i)*size), depth); err != nil {
				return b, at(err, index(i))
			}
		}
		return b, nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		n, ok, err := d.count(elem.min)
		if err != nil {
			return err
		}
		if err := d.claim(uint64(n), size); err != nil {
			return err
		}
		if strings && ok { // the common case, without reflection
			*(*[]string)(p) = make([]string, n)
		} else {
			v := reflect.NewAt(typ, p).Elem()
			v.SetZero()
			if !ok {
				return nil
			}
			if n == 0 {
				v.Set(empty)
				return nil
			}
			v.Grow(n) // unlike MakeSlice, Grow allocates no header
			v.SetLen(n)
		}
		data := (*sliceHeader)(p).data
		for i := range n {
			if err := elem.dec(d, unsafe.Add(data, uintptr(i)*size)); err != nil {
				return at(err, index(i))
			}
		}
		return nil
	}
}

var lentType = reflect.TypeFor[payload.Lent]()

// bulkSlice fills in the plan of a slice of numbers or bools, which is copied,
// or borrowed from the input if it is a payload.Lent.
func bulkSlice(p, elem *plan) {
	size, unit, bools := int(elem.typ.Size()), elem.unit, elem.typ.Kind() == reflect.Bool
	p.bytes = elem.typ.Kind() == reflect.Uint8
	lent := p.typ == lentType
	p.enc = func(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		h := *(*sliceHeader)(p)
		if h.data == nil {
			return append(b, 0), nil
		}
		return appendBulk(putUvarint(b, uint64(h.len)+1), h.data, h.len*size, unit), nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		n, ok, err := d.count(size)
		if err != nil || !ok {
			*(*sliceHeader)(p) = sliceHeader{}
			return err
		}
		src, err := d.take(n * size)
		if err != nil {
			return err
		}
		if lent && d.borrow {
			*(*[]byte)(p) = src[:n:n]
			return nil
		}
		data := allocBulk(n*size, unit)
		*(*sliceHeader)(p) = sliceHeader{data, n, n}
		return copyBulk(data, src, unit, bools)
	}
}

// allocBulk allocates n bytes without pointers, aligned for units of the given
// width.
func allocBulk(n, unit int) unsafe.Pointer {
	switch unit {
	case 1:
		return unsafe.Pointer(unsafe.SliceData(make([]byte, n)))
	case 2:
		return unsafe.Pointer(unsafe.SliceData(make([]uint16, n/2)))
	case 4:
		return unsafe.Pointer(unsafe.SliceData(make([]uint32, n/4)))
	default:
		return unsafe.Pointer(unsafe.SliceData(make([]uint64, n/8)))
	}
}

// appendBulk appends n bytes at p, which are units of the given width in the
// order of this machine.
func appendBulk(b []byte, p unsafe.Pointer, n, unit int) []byte {
	b = append(b, unsafe.Slice((*byte)(p), n)...)
	if bigEndian {
		swap(b[len(b)-n:], unit)
	}
	return b
}

// copyBulk is the reverse of appendBulk. It checks the copy, because the sender
// may still change src.
func copyBulk(p unsafe.Pointer, src []byte, unit int, bools bool) error {
	dst := unsafe.Slice((*byte)(p), len(src))
	copy(dst, src)
	if bigEndian {
		swap(dst, unit)
	}
	if bools {
		for i, c := range dst {
			if c > 1 {
				clear(dst) // Go must not see other bytes as bools
				return at(errBool, index(i))
			}
		}
	}
	return nil
}

// swap reverses the order of the bytes in every unit of b.
func swap(b []byte, unit int) {
	if unit == 1 {
		return
	}
	for ; len(b) >= unit; b = b[unit:] {
		for i, j := 0, unit-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
}
