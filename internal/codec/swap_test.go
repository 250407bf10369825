package codec

import (
	"bytes"
	"testing"
)

// TestBigEndian runs the code for the other byte order on this machine, both
// ways.
func TestBigEndian(t *testing.T) {
	defer func(was bool) { bigEndian = was }(bigEndian)
	v := []uint32{0x01020304, 0xa0b0c0d0}
	c, err := For[[]uint32]()
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := c.Append(nil, &v)
	bigEndian = !bigEndian
	swapped, _ := c.Append(nil, &v)
	for i := 1; i < len(plain); i += 4 {
		for j := range 4 {
			if plain[i+j] != swapped[i+3-j] {
				t.Fatalf("%x became %x", plain, swapped)
			}
		}
	}
	var got []uint32
	if err := c.Decode(swapped, &got); err != nil || got[0] != v[0] || got[1] != v[1] {
		t.Fatalf("%x, %v", got, err)
	}
	for unit, want := range map[int]string{1: "abcdefgh", 2: "badcfehg", 4: "dcbahgfe", 8: "hgfedcba"} {
		b := []byte("abcdefgh")
		if swap(b, unit); !bytes.Equal(b, []byte(want)) {
			t.Errorf("units of %d: %s", unit, b)
		}
	}
}
