package codec_test

import "time"

// The types that travel in the tests.
type (
	myBytes  []byte
	myByte   byte
	myString string
	myInt    int32
	myBool   bool
	empty    struct{}

	scalars struct {
		B    bool
		I    int
		I8   int8
		I16  int16
		I32  int32
		I64  int64
		U    uint
		U8   uint8
		U16  uint16
		U32  uint32
		U64  uint64
		F32  float32
		F64  float64
		C64  complex64
		C128 complex128
		S    string
		N    myInt
		D    time.Duration
		T    time.Time
		Y    myBool
		//lint:ignore U1000 the codec must skip it
		hidden     int
		HomeStayer func() `legion:"-"`
	}
	//lint:ignore U1000 the codec must skip it
	base struct{ ID, rev int }
	Base struct{ Version uint8 }
	many struct {
		base
		*Base
		Array   [3]scalars
		Bulk    [5]uint16
		Bools   [3]bool
		Ints    []int
		Shorts  []int16
		Words   []uint32
		Floats  []float32
		Complex []complex128
		Flags   []myBool
		Bytes   myBytes
		MyBytes []myByte
		Strings []myString
		Structs []scalars
		Ptrs    []*scalars
		Nested  [][]map[string][]int8
		Set     map[myInt]struct{}
		Dict    map[string]string
		Named   map[myString]myString
		ByArray map[[2]int8]*string
		ByTime  map[uint16]time.Time
		ByKey   map[struct{ A, B string }]bool
		None    struct{}
		Nothing [0]int
		PtrPtr  **string
		Empties []empty
	}
	tree struct {
		Value       int16
		Left, Right *tree
	}
	forest struct {
		Trees map[string]forest
		Kids  []forest
		Via   *[]*forest
	}
	list []list
	dict map[string]dict
	knot struct { // contains itself by value, inside the target of a pointer
		Array *[2]knot
		Inner *struct{ A, B knot }
		Map   map[string][1]knot
		Slice []struct{ K knot }
	}
	ping struct{ Pong *pong }
	pong struct {
		N     int
		Pings []ping
	}
)
