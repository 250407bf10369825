package codec

import (
	"reflect"
	"sync"
	"unsafe"
)

// mapHeader is about the memory that a map takes besides its entries, in bytes.
const mapHeader = 64

// claimMap claims the memory of a map of n entries: room for at least 8, and
// beyond that for up to twice as many as it holds.
func (d *decoder) claimMap(n int, entry uintptr) error {
	if err := d.claim(1, mapHeader); err != nil || n == 0 {
		return err
	}
	room := uint64(8)
	if n > 8 {
		room = 2 * uint64(n)
	}
	return d.claim(room, entry+1)
}

// mapping fills in the plan of a map.
func mapping(p, key, val *plan) {
	if plainString(key) && plainString(val) { // the common case, without reflection
		p.enc, p.dec = encStrings, decStrings
		return
	}
	typ, entry := p.typ, key.typ.Size()+val.typ.Size()
	pool := &sync.Pool{New: func() any { return newMapScratch(key.typ, val.typ) }}

	p.enc = func(b []byte, p unsafe.Pointer, depth int) (_ []byte, err error) {
		word := *(*unsafe.Pointer)(p)
		if word == nil {
			return append(b, 0), nil
		}
		s := pool.Get().(*mapScratch)
		defer s.release(pool)
		s.word = word
		m := reflect.NewAt(typ, unsafe.Pointer(&s.word)).Elem()
		b = putUvarint(b, uint64(m.Len())+1)
		s.iter.Reset(m)
		for s.iter.Next() {
			s.key.SetIterKey(&s.iter)
			s.val.SetIterValue(&s.iter)
			if b, err = key.enc(b, s.keyAt, depth); err != nil {
				return b, at(err, "[key]")
			}
			if b, err = val.enc(b, s.valAt, depth); err != nil {
				return b, at(err, keyStep(s.key))
			}
		}
		return b, nil
	}
	p.dec = func(d *decoder, p unsafe.Pointer) error {
		n, ok, err := d.count(key.min + val.min)
		if err != nil || !ok {
			*(*unsafe.Pointer)(p) = nil
			return err
		}
		if err := d.claimMap(n, entry); err != nil {
			return err
		}
		m := reflect.MakeMapWithSize(typ, n)
		*(*unsafe.Pointer)(p) = m.UnsafePointer()
		if n == 0 {
			return nil
		}
		s := pool.Get().(*mapScratch)
		defer s.release(pool)
		for range n {
			if err := key.dec(d, s.keyAt); err != nil {
				return at(err, "[key]")
			}
			if err := val.dec(d, s.valAt); err != nil {
				return at(err, keyStep(s.key))
			}
			m.SetMapIndex(s.key, s.val)
		}
		if m.Len() != n {
			return errTwice
		}
		return nil
	}
}

// mapScratch is the memory through which the entries of a map pass. It is in
// the heap: reflection keeps pointers to it.
type mapScratch struct {
	word         unsafe.Pointer // the map
	iter         reflect.MapIter
	key, val     reflect.Value
	keyAt, valAt unsafe.Pointer
}

func newMapScratch(key, val reflect.Type) *mapScratch {
	k, v := reflect.New(key), reflect.New(val)
	return &mapScratch{key: k.Elem(), val: v.Elem(), keyAt: k.UnsafePointer(), valAt: v.UnsafePointer()}
}

// release clears the last entry: the pool would keep it alive, and its
// unexported fields, which decoding does not set, would appear in the entries
// of the next map.
func (s *mapScratch) release(pool *sync.Pool) {
	s.word = nil
	s.iter.Reset(reflect.Value{})
	s.key.SetZero()
	s.val.SetZero()
	pool.Put(s)
}

func plainString(p *plan) bool { return p.typ.Kind() == reflect.String && p.own == nil }

func encStrings(b []byte, p unsafe.Pointer, _ int) ([]byte, error) {
	m := *(*map[string]string)(p)
	if m == nil {
		return append(b, 0), nil
	}
	b = putUvarint(b, uint64(len(m))+1)
	for k, v := range m {
		b = append(putUvarint(b, uint64(len(k))), k...)
		b = append(putUvarint(b, uint64(len(v))), v...)
	}
	return b, nil
}

func decStrings(d *decoder, p unsafe.Pointer) error {
	n, ok, err := d.count(2)
	if err != nil || !ok {
		*(*map[string]string)(p) = nil
		return err
	}
	if err := d.claimMap(n, 2*unsafe.Sizeof("")); err != nil {
		return err
	}
	m := make(map[string]string, n)
	for range n {
		k, err := d.span()
		if err != nil {
			return at(err, "[key]")
		}
		key := d.text(k)
		v, err := d.span()
		if err != nil {
			return at(err, keyStep(reflect.ValueOf(key)))
		}
		m[key] = d.text(v)
	}
	if len(m) != n {
		return errTwice
	}
	*(*map[string]string)(p) = m
	return nil
}
