package codec_test

import (
	"bytes"
	"testing"

	"github.com/legion-go/legion/internal/codec"
	"github.com/legion-go/legion/payload"
)

type letter struct {
	From  string
	Text  payload.Lent
	Extra []byte
	Parts []payload.Lent
}

// Borrow takes a payload.Lent, and nothing else, from the input; Decode takes
// nothing.
func TestBorrow(t *testing.T) {
	c, err := codec.For[letter]()
	if err != nil {
		t.Fatal(err)
	}
	sent := letter{"me", payload.Lent("text"), []byte("extra"), []payload.Lent{payload.Lent("part")}}
	for _, borrow := range []bool{false, true} {
		decode := c.Decode
		if borrow {
			decode = c.Borrow
		}
		b, err := c.Append(nil, &sent)
		if err != nil {
			t.Fatal(err)
		}
		var got letter
		if err := decode(b, &got); err != nil {
			t.Fatal(err)
		}
		if cap(got.Text) != 4 {
			t.Errorf("borrow %v: room for %d bytes behind 4", borrow, cap(got.Text)-4)
		}
		copy(b, bytes.Repeat([]byte{'!'}, len(b)))
		text, part := "text", "part"
		if borrow {
			text, part = "!!!!", "!!!!"
		}
		if got.From != "me" || string(got.Text) != text || string(got.Extra) != "extra" || string(got.Parts[0]) != part {
			t.Errorf("borrow %v: %+v", borrow, got)
		}
	}
	whole, err := codec.For[payload.Lent]()
	if err != nil {
		t.Fatal(err)
	}
	in := []byte("text")
	var kept, lent payload.Lent
	if whole.Decode(in, &kept) != nil || whole.Borrow(in, &lent) != nil {
		t.Fatal("it does not decode")
	}
	in[0] = '!'
	if string(kept) != "text" || string(lent) != "!ext" {
		t.Errorf("%q, %q", kept, lent)
	}
	plain, _ := codec.For[[]byte]()
	if !whole.Bytes() || !plain.Bytes() || whole.Hash() == plain.Hash() {
		t.Error("a lent argument must be bytes, and another type than []byte")
	}
}
