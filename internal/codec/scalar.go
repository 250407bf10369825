package codec

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"unsafe"
)

// scalar fills in the plan of a bool, number or string; ok is false for other
// kinds.
func scalar(p *plan) (ok bool) {
	switch p.typ.Kind() {
	case reflect.Bool:
		p.unit, p.enc, p.dec = 1, encByte, decBool
	case reflect.Int8, reflect.Uint8:
		p.unit, p.enc, p.dec = 1, encByte, decByte
	case reflect.Int:
		signed[int](p)
	case reflect.Int16:
		signed[int16](p)
	case reflect.Int32:
		signed[int32](p)
	case reflect.Int64:
		signed[int64](p)
	case reflect.Uint:
		unsigned[uint](p)
	case reflect.Uint16:
		unsigned[uint16](p)
	case reflect.Uint32:
		unsigned[uint32](p)
	case reflect.Uint64:
		unsigned[uint64](p)
	case reflect.Float32:
		p.unit, p.enc, p.dec = 4, encFixed32, decFixed32
	case reflect.Float64:
		p.unit, p.enc, p.dec = 8, encFixed64, decFixed64
	case reflect.Complex64:
		array(p, &plan{enc: encFixed32, dec: decFixed32, min: 4}, 2, 4)
		p.unit = 4
	case reflect.Complex128:
		array(p, &plan{enc: encFixed64, dec: decFixed64, min: 8}, 2, 8)
		p.unit = 8
	case reflect.String:
		p.enc, p.dec = encString, decString
	default:
		return false
	}
	return true
}

func signed[I int | int16 | int32 | int64](p *plan) {
	p.unit = int(unsafe.Sizeof(I(0)))
	p.enc = func(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		return putVarint(b, int64(*(*I)(p))), nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		v, err := d.varint()
		if err != nil {
			return err
		}
		if int64(I(v)) != v {
			return fmt.Errorf("%d does not fit into %d bits", v, unsafe.Sizeof(I(0))*8)
		}
		*(*I)(p) = I(v)
		return nil
	}
}

func unsigned[U uint | uint16 | uint32 | uint64](p *plan) {
	p.unit = int(unsafe.Sizeof(U(0)))
	p.enc = func(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
		return putUvarint(b, uint64(*(*U)(p))), nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		v, err := d.uvarint()
		if err != nil {
			return err
		}
		if uint64(U(v)) != v {
			return fmt.Errorf("%d does not fit into %d bits", v, unsafe.Sizeof(U(0))*8)
		}
		*(*U)(p) = U(v)
		return nil
	}
}

func encByte(b []byte, p unsafe.Pointer, _ int) ([]byte, error) { return append(b, *(*byte)(p)), nil }

func decByte(d *decoder, p unsafe.Pointer) error {
	c, err := d.byte()
	*(*byte)(p) = c
	return err
}

func decBool(d *decoder, p unsafe.Pointer) error {
	c, err := d.byte()
	if err == nil && c > 1 {
		return errBool
	}
	*(*bool)(p) = c == 1
	return err
}

// Floats are moved as integers: some processors change signalling NaNs when
// they load them.

func encFixed32(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	return binary.LittleEndian.AppendUint32(b, *(*uint32)(p)), nil
}

func decFixed32(d *decoder, p unsafe.Pointer) error {
	b, err := d.take(4)
	if err == nil {
		*(*uint32)(p) = binary.LittleEndian.Uint32(b)
	}
	return err
}

func encFixed64(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	return binary.LittleEndian.AppendUint64(b, *(*uint64)(p)), nil
}

func decFixed64(d *decoder, p unsafe.Pointer) error {
	b, err := d.take(8)
	if err == nil {
		*(*uint64)(p) = binary.LittleEndian.Uint64(b)
	}
	return err
}

func encString(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	s := *(*string)(p)
	return append(putUvarint(b, uint64(len(s))), s...), nil
}

func decString(d *decoder, p unsafe.Pointer) error {
	b, err := d.span()
	if err == nil {
		*(*string)(p) = d.text(b)
	}
	return err
}

// keyStep returns the step of a path for a map key.
func keyStep(k reflect.Value) string {
	switch {
	case k.Kind() == reflect.String:
		s := k.String()
		if len(s) > 32 {
			return "[" + strconv.Quote(s[:32]) + "…]"
		}
		return "[" + strconv.Quote(s) + "]"
	case k.CanInt():
		return "[" + strconv.FormatInt(k.Int(), 10) + "]"
	case k.CanUint():
		return "[" + strconv.FormatUint(k.Uint(), 10) + "]"
	}
	return "[…]"
}
