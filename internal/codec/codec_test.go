package codec_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// roundTrip encodes v, decodes it and returns the result, after checking the
// properties that hold for every value.
func roundTrip[T any](t testing.TB, v T) T {
	t.Helper()
	c := mustFor[T](t)
	b, err := c.Append([]byte("head"), &v)
	if err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	if string(b[:4]) != "head" {
		t.Fatalf("%T: Append changed the bytes before its own: %q", v, b[:4])
	}
	b = b[4:]
	var got T
	if err := c.Decode(b, &got); err != nil {
		t.Fatalf("%T: %v", v, err)
	}
	for i := range b { // the result must not alias the input
		b[i] = 0xff
	}
	return got
}

func same[T any](t testing.TB, v T) {
	t.Helper()
	if got := roundTrip(t, v); !reflect.DeepEqual(got, v) {
		t.Errorf("%T:\n got %#v\nwant %#v", v, got, v)
	}
}

func TestRoundTripLimits(t *testing.T) {
	for _, b := range []bool{false, true} {
		same(t, b)
		same(t, myBool(b))
	}
	for _, i := range []int64{0, 1, -1, 63, 64, -64, -65, 127, 128, math.MaxInt8, math.MinInt8, math.MaxInt16, math.MinInt16,
		math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64} {
		same(t, i)
		same(t, int(i))
		same(t, int8(i))
		same(t, int16(i))
		same(t, int32(i))
		same(t, uint(i))
		same(t, uint8(i))
		same(t, uint16(i))
		same(t, uint32(i))
		same(t, uint64(i))
		same(t, time.Duration(i))
		same(t, []int64{i, -i})
		same(t, [1]uint64{uint64(i)})
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 1.5, math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64} {
		same(t, f)
		same(t, float32(f))
		same(t, complex(f, -f))
		same(t, complex64(complex(f, -f)))
		same(t, []complex64{complex64(complex(f, 1))})
	}
	same(t, empty{})
	same(t, [0]int{})
	same(t, [3]empty{})
	same(t, make([]empty, 10))
	same(t, map[empty]int{{}: 1})
	same(t, map[empty]empty{{}: {}})
	same(t, new(empty))
	same(t, struct{ _ int }{})
	same(t, strings.Repeat("long", 1e5))
}

// TestFloatBits covers NaNs too, signalling ones included.
func TestFloatBits(t *testing.T) {
	for _, u := range []uint64{0x7ff8000000000001, 0x7ff0000000000001, 0xfff4123456789abc, 1 << 63} {
		f := math.Float64frombits(u)
		if got := math.Float64bits(roundTrip(t, f)); got != u {
			t.Errorf("%x became %x", u, got)
		}
		if got := math.Float64bits(roundTrip(t, []float64{f})[0]); got != u {
			t.Errorf("in a slice %x became %x", u, got)
		}
	}
	type nan map[float64]int
	if got := roundTrip(t, nan{math.NaN(): 1, math.NaN(): 1}); len(got) != 2 {
		t.Errorf("two NaN keys became %v", got)
	}
}

func TestNilAndEmpty(t *testing.T) {
	type all struct {
		Bytes []byte
		Ints  []int
		Strs  []string
		Recs  []scalars
		Maps  map[string]string
		Map2  map[int]item
		Ptr   *empty
		Ptr2  **int
	}
	same(t, all{})
	same(t, all{[]byte{}, []int{}, []string{}, []scalars{}, map[string]string{}, map[int]item{}, new(empty), new(*int)})
	same(t, (*int)(nil))
	same(t, []string(nil))
	same(t, []string{})
	same(t, map[string]int(nil))
}

func random[T any](t *testing.T) {
	t.Run(reflect.TypeFor[T]().String(), func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			var v T
			randomize(r, reflect.ValueOf(&v).Elem(), 6)
			same(t, v)
		}
	})
}

func TestRoundTripRandom(t *testing.T) {
	random[scalars](t)
	random[many](t)
	random[tree](t)
	random[forest](t)
	random[knot](t)
	random[list](t)
	random[dict](t)
	random[ping](t)
	random[*pong](t)
	random[record](t)
	random[[]*record](t)
	random[[4][]string](t)
	random[map[string]many](t)
	random[map[uint8][]time.Time](t)
	random[[][]byte](t)
	random[***int](t)
}

func TestRaw(t *testing.T) {
	raw := func(got, want bool, typ string) {
		t.Helper()
		if got != want {
			t.Errorf("Raw of %s is %v", typ, got)
		}
	}
	raw(mustFor[[]byte](t).Raw(), true, "[]byte")
	raw(mustFor[string](t).Raw(), true, "string")
	raw(mustFor[myBytes](t).Raw(), true, "myBytes")
	raw(mustFor[myString](t).Raw(), true, "myString")
	raw(mustFor[[]myByte](t).Raw(), true, "[]myByte")
	raw(mustFor[[]int8](t).Raw(), false, "[]int8")
	raw(mustFor[[]bool](t).Raw(), false, "[]bool")
	raw(mustFor[[3]byte](t).Raw(), false, "[3]byte")
	raw(mustFor[[][]byte](t).Raw(), false, "[][]byte")
	raw(mustFor[shouted](t).Raw(), false, "a string with its own encoding")

	for _, s := range []string{"", "x", "\x00\xff", strings.Repeat("y", 1e5)} {
		b := myBytes(s)
		enc, err := mustFor[myBytes](t).Append(nil, &b)
		if err != nil || string(enc) != s {
			t.Fatalf("%q is encoded as %q, %v", s, enc, err)
		}
		same(t, b)
		same(t, s)
		same(t, myString(s))
	}
	if got := roundTrip[[]byte](t, nil); got == nil || len(got) != 0 {
		t.Errorf("nil at the top arrives as %#v, want an empty slice", got)
	}
}

// TestDecodeOverwrites: decoding neither merges with the old contents of the
// destination nor writes through its pointers.
func TestDecodeOverwrites(t *testing.T) {
	type dest struct {
		M      map[string]string
		N      map[string]int
		S      []string
		I      []int
		P      *int
		B      []byte
		hidden int
		Skip   string `legion:"-"`
	}
	c := mustFor[dest](t)
	seven := 7
	old := dest{map[string]string{"old": "x"}, map[string]int{"old": 1}, []string{"old", "old"}, []int{1, 2, 3}, &seven, []byte("old"), 42, "kept"}
	v := old
	for _, src := range []dest{{}, {M: map[string]string{"new": "y"}, N: map[string]int{"new": 2}, S: []string{"a"}, I: []int{9}, P: new(int), B: []byte("b")}} {
		b, err := c.Append(nil, &src)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Decode(b, &v); err != nil {
			t.Fatal(err)
		}
		src.hidden, src.Skip = 42, "kept"
		if !reflect.DeepEqual(v, src) {
			t.Errorf("got %+v, want %+v", v, src)
		}
	}
	if len(old.M) != 1 || len(old.N) != 1 || old.S[0] != "old" || old.I[0] != 1 || seven != 7 || string(old.B) != "old" {
		t.Errorf("decoding wrote into what the destination pointed to: %+v", old)
	}
}

// TestMapsDoNotMix: maps of one type pass through the same scratch memory, and
// no entry may leak into the next map.
func TestMapsDoNotMix(t *testing.T) {
	type secretive struct {
		N      int
		secret string
	}
	v := map[secretive]secretive{{1, "key"}: {2, "value"}}
	for range 10 {
		got := roundTrip(t, v)
		if want := (map[secretive]secretive{{N: 1}: {N: 2}}); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

func TestTime(t *testing.T) {
	zone := time.FixedZone("ODD", -12345)
	for _, v := range []time.Time{
		{}, time.Now(), time.Now().UTC(), time.Now().In(zone), time.Unix(0, 0), time.Unix(1<<40, 999_999_999).UTC(),
		time.Unix(-1<<60, 1).In(zone), time.Unix(math.MaxInt64, 0), time.Unix(math.MinInt64, 0).UTC(), time.Date(2026, 3, 4, 5, 6, 7, 8, time.FixedZone("", 0)),
	} {
		got := roundTrip(t, v)
		if !got.Equal(v) || got.String() != v.Round(0).String() {
			t.Errorf("%v arrived as %v", v, got)
		}
		if l := v.Location(); (l == time.UTC || l == time.Local) && got.Location() != l {
			t.Errorf("%v arrived in %v", v, got.Location())
		}
	}
	long := time.Now().In(time.FixedZone(strings.Repeat("z", 1000), 60))
	if got := roundTrip(t, long); !got.Equal(long) {
		t.Errorf("%v arrived as %v", long, got)
	}
	c := mustFor[time.Time](t)
	far := time.Now().In(time.FixedZone("far", 1<<30+1))
	if _, err := c.Append(nil, &far); err == nil || !strings.Contains(err.Error(), "offset") {
		t.Errorf("an absurd offset: %v", err)
	}
}
