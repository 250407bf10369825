package codec

import (
	"hash"
	"hash/fnv"
	"io"
	"reflect"
	"strconv"
)

// hashOf returns a hash of everything that the encoding of t depends on. The
// caller knows that t compiles.
func hashOf(t reflect.Type) uint64 {
	h := hasher{fnv.New64a(), map[reflect.Type]int{}}
	h.write("legion codec 1")
	h.add(t)
	return h.Sum64()
}

type hasher struct {
	hash.Hash64
	seen map[reflect.Type]int // numbered in order of appearance, so that recursive types end
}

func (h hasher) write(s string) {
	io.WriteString(h, strconv.Itoa(len(s)))
	io.WriteString(h, ":")
	io.WriteString(h, s)
}

func (h hasher) add(t reflect.Type) {
	if i, ok := h.seen[t]; ok {
		h.write("#" + strconv.Itoa(i))
		return
	}
	h.seen[t] = len(h.seen)
	switch t {
	case timeType:
		h.write("time")
		return
	case bufferType:
		h.write("buffer")
		return
	}
	if o, _ := ownOf(t, ""); o != nil {
		h.write(o.marshal)
		h.write(t.PkgPath())
		h.write(t.String())
		return
	}
	if t == lentType { // its functions treat their memory differently
		h.write("lent")
		return
	}
	h.write(t.Kind().String())
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		h.add(t.Elem())
	case reflect.Array:
		h.write(strconv.Itoa(t.Len()))
		h.add(t.Elem())
	case reflect.Map:
		h.add(t.Key())
		h.add(t.Elem())
	case reflect.Struct:
		travel, _, _ := fieldsOf(t, "")
		h.write(strconv.Itoa(len(travel)))
		for _, sf := range travel {
			h.write(sf.Name)
			h.add(sf.Type)
		}
	}
}
