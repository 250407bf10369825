package codec

import (
	"reflect"
	"unsafe"
)

// field is one field of a struct; the fields of structs within it are listed as
// its own.
type field struct {
	step string // .Name, or .Outer.Name
	off  uintptr
	*plan
}

// structure fills in the plan of a struct whose fields are known.
func structure(p *plan, fields []field) {
	p.fields = fields
	p.enc = func(b []byte, p unsafe.Pointer, depth int) (_ []byte, err error) {
		for i := range fields {
			f := &fields[i]
			if b, err = f.enc(b, unsafe.Add(p, f.off), depth); err != nil {
				return b, at(err, f.step)
			}
		}
		return b, nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		for i := range fields {
			f := &fields[i]
			if err := f.dec(d, unsafe.Add(p, f.off)); err != nil {
				return at(err, f.step)
			}
		}
		return nil
	}
}

// pointer fills in the plan of a pointer.
func pointer(p, elem *plan) {
	typ, size := p.typ.Elem(), p.typ.Elem().Size()
	p.enc = func(b []byte, p unsafe.Pointer, depth int) ([]byte, error) {
		q := *(*unsafe.Pointer)(p)
		if q == nil {
			return append(b, 0), nil
		}
		return elem.enc(append(b, 1), q, depth)
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		c, err := d.byte()
		if err != nil || c == 0 {
			*(*unsafe.Pointer)(p) = nil
			return err
		}
		if c != 1 {
			return errNil
		}
		if err := d.claim(1, size); err != nil {
			return err
		}
		q := reflect.New(typ).UnsafePointer()
		*(*unsafe.Pointer)(p) = q
		return elem.dec(d, q)
	}
}
