package codec_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/codec"
)

// tail makes each level of nesting ask for much memory long before the decoder
// needs the input for it.
type tail struct {
	Next *tail
	Kids []tail
	Rest [30000]byte
}

// fat takes much memory and few bytes of encoding.
type fat struct {
	N uint8
	//lint:ignore U1000 it is there to be passed over
	mass [9000]byte
}

type ghost struct {
	E struct{}
	//lint:ignore U1000 it is there to be passed over
	mass [100]byte
}

func malformed[T any](t *testing.T, in string, want string) {
	t.Helper()
	err := mustFor[T](t).Decode([]byte(in), new(T))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%T from %q: %v, want %q", *new(T), in, err, want)
	}
}

func TestMalformed(t *testing.T) {
	malformed[bool](t, "\x02", "neither 0 nor 1")
	malformed[[]bool](t, "\x03\x01\x02", "neither 0 nor 1")
	malformed[[2]bool](t, "\x01\xff", "[1]: a bool")
	malformed[bool](t, "", "ends within")
	malformed[bool](t, "\x01\x01", "1 bytes are left over")
	malformed[struct{}](t, "\x00", "left over")
	malformed[uint64](t, "\x80\x00", "shortest varint")
	malformed[uint64](t, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "shortest varint")
	malformed[uint64](t, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", "shortest varint")
	malformed[uint64](t, "\xff\xff", "ends within")
	malformed[uint16](t, "\x80\x80\x04", "65536 does not fit into 16 bits")
	malformed[int16](t, "\x80\x80\x04", "32768 does not fit into 16 bits")
	malformed[int16](t, "\x81\x80\x04", "-32769 does not fit")
	malformed[uint32](t, "\xff\xff\xff\xff\x1f", "does not fit into 32 bits")
	malformed[float64](t, "1234567", "ends within")
	malformed[complex64](t, "1234567", "ends within")
	malformed[struct{ S string }](t, "\x05abcd", ".S: the length says 5 bytes, but 4 are left")
	malformed[struct{ S string }](t, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01abcd", "the length says")
	malformed[[]string](t, "\x04\x00\x00", "the length says 3 elements of at least 1 bytes, but 2 bytes")
	malformed[[]string](t, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "the length says")
	malformed[[]int64](t, "\x02abcdefg", "the length says")
	malformed[[]time.Time](t, "\x02abcde", "the length says")
	malformed[[]struct{}](t, "\xff\xff\xff\x7f", "the length says")
	malformed[[]struct{}](t, "\x02\x01", "padding")
	malformed[[][0]int](t, "\xff\xff\xff\x7f", "the length says")
	malformed[[]ghost](t, "\xff\xff\xff\x7f", "the length says")
	malformed[*int](t, "\x02\x00", "neither 0 (nil) nor 1")
	malformed[*int](t, "\x01", "ends within")
	malformed[map[string]string](t, "\x03\x01a\x00\x01a\x00", "twice")
	malformed[map[int8]string](t, "\x03\x01\x00\x01\x00", "twice")
	malformed[map[struct{}]struct{}](t, "\x03", "the length says")
	malformed[map[struct{}]bool](t, "\x03\x01\x01", "twice")
	malformed[map[struct{}]struct{}](t, "\x03\x00\x00", "twice")
	malformed[map[string]bool](t, "\x02\x03key\x02", `["key"]: a bool`)
	malformed[map[string]string](t, "\x02\x03key\x02", `["key"]: the length says 2 bytes`)
	malformed[map[int]bool](t, "\x02\x02\x02", `[1]: a bool`)
	malformed[time.Time](t, "\x00\xff\xff\xff\xff\x00", "nanoseconds")
	malformed[time.Time](t, "\x00\x00\x00\x00\x00\x03", "time zone")
	malformed[time.Time](t, "\x00\x00\x00\x00\x00\x02\xff\xff\xff\xff\x7f\x00", "time zone")
	malformed[time.Time](t, "\x00\x00\x00\x00\x00\x02\x00\x41"+strings.Repeat("z", 65), "time zone")
	malformed[[]*fat](t, "\x02\x01\x00"+strings.Repeat("\x00", 34), "ends within")
	malformed[big.Int](t, "\x01x", "GobDecode")
	malformed[record](t, "", "record.ID: the input ends")
}

func TestPadding(t *testing.T) {
	same(t, []fat{{N: 1}, {N: 2}})
	same(t, &fat{N: 3})
	same(t, map[int]fat{1: {N: 4}})
	same(t, []ghost{{}, {}})
	same(t, make([][0]int, 3))
}

// TestTruncated: every proper prefix of an encoding is an error, and so is
// every encoding followed by more bytes.
func TestTruncated(t *testing.T) {
	c := mustFor[many](t)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		var v many
		randomize(r, reflect.ValueOf(&v).Elem(), 5)
		b, err := c.Append(nil, &v)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(b); i += 1 + i/64 {
			if c.Decode(b[:i], new(many)) == nil {
				t.Fatalf("the first %d of %d bytes are a value, too", i, len(b))
			}
		}
		if c.Decode(append(b, 0), new(many)) == nil {
			t.Fatal("a byte was left over")
		}
	}
}

// allocated returns how much memory f allocates, freed or not.
func allocated(f func()) uint64 {
	var a, b runtime.MemStats
	runtime.ReadMemStats(&a)
	f()
	runtime.ReadMemStats(&b)
	return b.TotalAlloc - a.TotalAlloc
}

// bounded decodes in and fails if it allocates more than doc.go promises. The
// slack is for the rounding of the allocator, error messages and everything
// else that runs in the process.
func bounded[T any](t testing.TB, c *codec.Codec[T], in []byte) {
	t.Helper()
	limit := uint64(len(in))*512*5/4 + 64<<10
	var used uint64
	for range 3 {
		v := new(T)
		used = allocated(func() { c.Decode(in, v) })
		if used <= limit {
			return
		}
	}
	t.Errorf("%T: %d bytes of input took %d bytes of memory: %.64q…", *new(T), len(in), used, in)
}

func amplified[T any](t *testing.T, inputs ...[]byte) {
	t.Run(reflect.TypeFor[T]().String(), func(t *testing.T) {
		c := mustFor[T](t)
		for _, in := range inputs {
			bounded(t, c, in)
		}
	})
}

func TestMemoryBound(t *testing.T) {
	const n = 8000
	// Counts that claim all the input left, again and again: without a limit, 24
	// bytes per byte on each of 1000 levels.
	greedy := make([]byte, 4)
	for len(greedy) < n {
		greedy = append(binary.AppendUvarint(nil, uint64(len(greedy)+1)), greedy...)
	}
	greedyMaps := []byte{0}
	for len(greedyMaps) < n {
		entry := append([]byte{0}, greedyMaps...) // the key is ""
		greedyMaps = append(binary.AppendUvarint(nil, uint64(len(entry)/2+1)), entry...)
	}
	ones := bytes.Repeat([]byte{1}, n)
	twos := bytes.Repeat([]byte{2}, n)
	full := func(elem string) []byte { // as many elements as fit
		b := binary.AppendUvarint(nil, uint64(n/len(elem))+1)
		return append(b, strings.Repeat(elem, n/len(elem))...)
	}
	amplified[list](t, greedy, ones, twos, full("\x01"), full("\x02\x00"))
	amplified[tail](t, greedy, ones, twos, append(ones, make([]byte, 30000)...))
	amplified[forest](t, greedy, ones, twos)
	amplified[knot](t, greedy, ones, twos)
	amplified[dict](t, greedyMaps, ones, full("\x01a\x01"))
	amplified[[][][][][][]string](t, greedy)
	amplified[[]map[string]string](t, greedy, full("\x01"), full("\x02\x00\x00"), full("\x02\x01a\x00"))
	amplified[[]map[uint8]fat](t, full("\x01"), full("\x02\x00\x00"), greedy)
	amplified[[]map[uint8][15]*int](t, full("\x01"), full("\x02\x00"+strings.Repeat("\x00", 15)), greedy)
	amplified[map[uint16]string](t, greedy)
	amplified[[]fat](t, greedy, ones)
	amplified[[]*fat](t, greedy, ones, full("\x01\x00"+strings.Repeat("\x00", 35)))
	amplified[[]time.Time](t, full("\x00\x00\x00\x00\x00\x02\x01\x00"))
	amplified[[]big.Int](t, full("\x00"), full("\x010"))
	amplified[[]*[1000]empty](t, ones, full("\x01"))
	amplified[[]struct{}](t, full("\x00"))
	amplified[many](t, ones, twos, greedy)
}

// TestLegitimateIsWithinBudget: the most expensive honest values that the
// format can express are decoded.
func TestLegitimateIsWithinBudget(t *testing.T) {
	maps := make([]map[string]string, 1000)
	arrays := make([]map[uint8][15]*int, 1000)
	fats := make([]map[uint8]fat, 100)
	fatp := make([]*fat, 100)
	flags := make([]map[bool]bool, 1000)
	zones := make([]*time.Time, 1000)
	for i := range maps {
		maps[i] = map[string]string{"": ""}
		arrays[i] = map[uint8][15]*int{0: {}}
		flags[i] = map[bool]bool{true: true}
		at := time.Unix(0, 0).In(time.FixedZone("", 1))
		zones[i] = &at
	}
	for i := range fats {
		fats[i] = map[uint8]fat{0: {}}
		fatp[i] = &fat{}
	}
	same(t, maps)
	same(t, arrays)
	same(t, fats)
	same(t, fatp)
	same(t, flags)
	same(t, zones)
	same(t, make([]map[empty]empty, 1000))
	same(t, make([]*[]*map[int]int, 1000))
	same(t, make([]big.Int, 1000))
	one := map[string]string{"": ""}
	same(t, one)
	same(t, &one)
	same(t, map[string]map[string]map[string]*fat{"": {"": {"": {}}}})
}

// TestWorkBound: a short input must not keep the decoder busy, whatever lengths
// it claims.
func TestWorkBound(t *testing.T) {
	start := time.Now()
	huge := binary.AppendUvarint(nil, math.MaxInt64)
	for range 1000 {
		mustFor[[]struct{}](t).Decode(huge, new([]struct{}))
		mustFor[map[struct{}]struct{}](t).Decode(huge, new(map[struct{}]struct{}))
		mustFor[[1 << 30]struct{}](t).Decode(nil, new([1 << 30]struct{}))
		mustFor[[]*[1 << 30]struct{}](t).Decode([]byte("\x02\x01"), new([]*[1 << 30]struct{}))
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("took %v", d)
	}
}
