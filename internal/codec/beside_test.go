package codec_test

import (
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/codec"
	"github.com/legion-go/legion/payload"
)

type picture struct {
	Name  string
	Data  *payload.Buffer
	Inner struct {
		Mask *payload.Buffer
		Size int
	}
	Skipped *payload.Buffer `legion:"-"`
	hidden  *payload.Buffer
}

func newBuffer(n int) *payload.Buffer {
	return (*payload.Buffer)(buffer.New(buffer.Piece{Bytes: make([]byte, n)}, nil))
}

// Buffers have places and no bytes.
func TestBuffersTravelBeside(t *testing.T) {
	c, err := codec.For[picture]()
	if err != nil {
		t.Fatal(err)
	}
	in := picture{Name: "n", Data: newBuffer(1), Skipped: newBuffer(3), hidden: newBuffer(4)}
	in.Inner.Mask, in.Inner.Size = newBuffer(2), 7
	found := c.Buffers(&in)
	if c.CountBuffers() != 2 || len(found) != 2 || (*payload.Buffer)(found[0]) != in.Data || (*payload.Buffer)(found[1]) != in.Inner.Mask {
		t.Fatal(c.CountBuffers(), found)
	}
	b, err := c.Append(nil, &in)
	if err != nil || len(b) != 3 {
		t.Fatal(b, err)
	}
	out := picture{Data: newBuffer(9)}
	if err := c.Decode(b, &out); err != nil || out.Data != nil || out.Name != "n" || out.Inner.Size != 7 {
		t.Fatal(out, err)
	}
	c.SetBuffers(&out, found)
	if out.Data != in.Data || out.Inner.Mask != in.Inner.Mask || out.Skipped != nil {
		t.Fatal(out)
	}
	c.SetBuffers(&out, nil)

	one, err := codec.For[*payload.Buffer]()
	if err != nil || one.CountBuffers() != 1 || one.Raw() {
		t.Fatal(err)
	}
	v := in.Data
	if b, err := one.Append(nil, &v); err != nil || len(b) != 0 || (*payload.Buffer)(one.Buffers(&v)[0]) != v {
		t.Fatal(b, err)
	}
	var w *payload.Buffer
	if one.SetBuffers(&w, found[:1]); w != v {
		t.Fatal(w)
	}
}

// A type with a Buffer has a hash of its own.
func TestHashOfBuffers(t *testing.T) {
	a, _ := codec.For[struct{ A int }]()
	b, _ := codec.For[struct {
		A int
		B *payload.Buffer `legion:"-"`
	}]()
	c, _ := codec.For[struct {
		A int
		B *payload.Buffer
	}]()
	if a.Hash() != b.Hash() || a.Hash() == c.Hash() {
		t.Error(a.Hash(), b.Hash(), c.Hash())
	}
}

type loop struct {
	Data *payload.Buffer
	Next *loop
}

type loops struct {
	All  []loops
	Data *payload.Buffer
}

func cannotHold[T any](t *testing.T, path string) {
	t.Helper()
	_, err := codec.For[T]()
	if err == nil || !strings.Contains(err.Error(), path+":") || !strings.Contains(err.Error(), "make the Buffer a field") {
		t.Errorf("%s: %v", path, err)
	}
}

// Elsewhere a Buffer is refused, with its path.
func TestRefusedBuffers(t *testing.T) {
	cannotHold[[]*payload.Buffer](t, "[i]")
	cannotHold[[2]*payload.Buffer](t, "[i]")
	cannotHold[map[string]*payload.Buffer](t, `["k"]`)
	cannotHold[**payload.Buffer](t, "")
	cannotHold[struct{ P *picture }](t, ".P")
	if _, err := codec.For[struct{ B payload.Buffer }](); err == nil || !strings.Contains(err.Error(), "use a *payload.Buffer") {
		t.Error(err)
	}
	cannotHold[struct {
		First picture // compiled before it is found in the slice
		Rest  []picture
	}](t, ".Rest[i]")
	cannotHold[loop](t, ".Next")
	cannotHold[loops](t, ".All[i]")
}
