package codec_test

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"
)

// fuzz feeds a decoder: it must never panic nor take more memory than promised,
// and a value that it accepts must encode again. canonical says that each value
// has only one encoding.
func fuzz[T any](f *testing.F, canonical bool) {
	c := mustFor[T](f)
	r := rand.New(rand.NewPCG(5, 6))
	for range 30 {
		var v T
		randomize(r, reflect.ValueOf(&v).Elem(), 4)
		b, err := c.Append(nil, &v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{2}, 1200))
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, in []byte) {
		bounded(t, c, in)
		var v T
		if err := c.Decode(in, &v); err != nil {
			if len(err.Error()) > 2000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		b, err := c.Append(nil, &v)
		if err != nil {
			t.Fatalf("the decoded value cannot be encoded: %v", err)
		}
		if canonical && !bytes.Equal(b, in) {
			t.Fatalf("%x and %x are the same value", in, b)
		}
		var again T
		if err := c.Decode(b, &again); err != nil {
			t.Fatalf("the encoded value cannot be decoded: %v", err)
		}
		// Compared as bytes, because a NaN does not equal itself; only maps have no
		// order.
		if canonical {
			b2, _ := c.Append(nil, &again)
			if !bytes.Equal(b, b2) {
				t.Fatalf("%x, then %x", b, b2)
			}
		}
	})
}

func FuzzScalars(f *testing.F) { fuzz[scalars](f, true) }
func FuzzRecord(f *testing.F)  { fuzz[record](f, false) }
func FuzzMany(f *testing.F)    { fuzz[many](f, false) }
func FuzzTree(f *testing.F)    { fuzz[*tree](f, true) }
func FuzzForest(f *testing.F)  { fuzz[forest](f, false) }
func FuzzList(f *testing.F)    { fuzz[list](f, true) }
func FuzzKnot(f *testing.F)    { fuzz[knot](f, false) }
func FuzzTail(f *testing.F)    { fuzz[tail](f, true) }

func FuzzMaps(f *testing.F) {
	fuzz[[]struct {
		A map[string]map[uint8]fat
		B map[[2]bool][]int16
		C map[float32]*string
	}](f, false)
}

// FuzzOwn uses types that encode themselves; they may accept several texts for
// one value.
func FuzzOwn(f *testing.F) {
	type own struct {
		S    []shouted
		M    map[shouted]moody
		Addr *netip.Addr `legion:"-"`
	}
	fuzz[own](f, false)
}

func FuzzStandard(f *testing.F) {
	type std struct {
		A netip.Addr
		P *netip.Prefix
		I big.Int
	}
	c := mustFor[std](f)
	f.Add([]byte("\x04abcd\x01\x05abcd\x08\x0242"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var v, again std
		if c.Decode(in, &v) != nil {
			return
		}
		b, err := c.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(b, &again); err != nil || !reflect.DeepEqual(v.A, again.A) || v.I.Cmp(&again.I) != 0 {
			t.Fatalf("%v: %v became %v", err, v, again)
		}
	})
}
