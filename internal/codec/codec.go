package codec

import (
	"fmt"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
)

// Codec carries values of type T. Its zero value is not usable: get one from
// [For].
type Codec[T any] struct {
	*compiled
}

// compiled holds the contents of a Codec; it depends on the type, not on the
// type parameter.
type compiled struct {
	plan    *plan
	foreign bool // methods from outside this package see the value
	raw     bool
	hash    uint64
}

// cache holds a *compiled per reflect.Type.
var cache sync.Map

// For returns the codec of T, which is compiled at the first call. The error
// names the path to the type that cannot travel, why it cannot, and what to do
// instead.
func For[T any]() (*Codec[T], error) {
	t := reflect.TypeFor[T]()
	if c, ok := cache.Load(t); ok {
		return &Codec[T]{c.(*compiled)}, nil
	}
	made, err := compile(t)
	if err != nil {
		return nil, err
	}
	c, _ := cache.LoadOrStore(t, made)
	return &Codec[T]{c.(*compiled)}, nil
}

// Raw reports whether the encoding of T is its bytes and nothing else: []byte,
// string and types named after them that do not encode themselves.
func (c *Codec[T]) Raw() bool { return c.raw }

// Bytes reports whether T is a []byte, or a type named after it, that is Raw.
func (c *Codec[T]) Bytes() bool { return c.raw && c.plan.typ.Kind() == reflect.Slice }

// Hash identifies the structure of T: kinds, and names and order of fields,
// recursively. Two processes of one binary get the same hash; a daemon and a
// worker whose hashes differ must not exchange values of T.
func (c *Codec[T]) Hash() uint64 { return c.hash }

// Append appends the encoding of *v to b and returns the longer slice. If b has
// room, only types that encode themselves allocate. After an error the result
// is b unchanged.
func (c *Codec[T]) Append(b []byte, v *T) ([]byte, error) {
	if c.raw {
		if c.plan.typ.Kind() == reflect.String {
			return append(b, *(*string)(unsafe.Pointer(v))...), nil
		}
		return append(b, *(*[]byte)(unsafe.Pointer(v))...), nil
	}
	var out []byte
	var err error
	if c.foreign {
		own := new(T)
		*own = *v
		out, err = c.plan.enc(b, unsafe.Pointer(own), maxDepth)
	} else {
		out, err = c.plan.enc(b, noescape(unsafe.Pointer(v)), maxDepth)
		runtime.KeepAlive(v)
	}
	if err != nil {
		return b, c.explain("encode", err)
	}
	return out, nil
}

// Decode sets *v to the value whose encoding is exactly b. The result shares no
// memory with b. Every field that travels is overwritten, never merged into or
// appended to; unexported fields and those tagged `legion:"-"` keep their
// values. After an error the contents of *v are undefined and must not be used.
func (c *Codec[T]) Decode(b []byte, v *T) error { return c.decode(b, v, false) }

// Borrow is Decode, but a payload.Lent in the result is a part of b, which must
// be in the heap.
func (c *Codec[T]) Borrow(b []byte, v *T) error { return c.decode(b, v, true) }

func (c *Codec[T]) decode(b []byte, v *T, borrow bool) error {
	if c.raw {
		switch {
		case c.plan.typ.Kind() == reflect.String:
			*(*string)(unsafe.Pointer(v)) = string(b)
		case borrow && c.plan.typ == lentType:
			*(*[]byte)(unsafe.Pointer(v)) = b[:len(b):len(b)]
		default:
			*(*[]byte)(unsafe.Pointer(v)) = append([]byte{}, b...)
		}
		return nil
	}
	d := newDecoder(b)
	d.borrow = borrow
	var err error
	if c.foreign {
		own := new(T)
		*own = *v
		err = c.plan.dec((*decoder)(noescape(unsafe.Pointer(&d))), unsafe.Pointer(own))
		*v = *own
	} else {
		err = c.plan.dec((*decoder)(noescape(unsafe.Pointer(&d))), noescape(unsafe.Pointer(v)))
		runtime.KeepAlive(v)
	}
	runtime.KeepAlive(&d)
	if err == nil && d.left() > 0 {
		err = fmt.Errorf("%d bytes are left over after the value", d.left())
	}
	if err != nil {
		return c.explain("decode", err)
	}
	return nil
}

func (c *compiled) explain(doing string, err error) error {
	path := c.plan.typ.String()
	if pe, ok := err.(*pathError); ok {
		path, err = path+pe.path, pe.err
	}
	return fmt.Errorf("codec: cannot %s %s: %w", doing, path, err)
}

// noescape hides a pointer from escape analysis: the plans call one another
// through function values, for which the compiler assumes the worst, so it
// would move every argument and result of a call to the heap.
//
// This is sound because plans only pass these pointers down the stack, as
// pointers, and never store them in the heap: so the runtime finds and adjusts
// them when it moves the stack. Methods from outside this package could store
// them, so Append and Decode work on a copy in the heap if a type has such
// methods. (That copy has one more effect: everything *v refers to is in the
// heap, too, so maps and the targets of pointers may be stored for a while.)
//
//go:nosplit
func noescape(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}
