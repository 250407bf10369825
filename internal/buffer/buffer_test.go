package buffer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
)

// counted is memory that counts its releases.
type counted struct{ n atomic.Int32 }

func (c *counted) Release() { c.n.Add(1) }

func room(n int, m Memory) Piece { return Piece{make([]byte, n), m} }

func TestLengths(t *testing.T) {
	b := New(room(10, nil), nil)
	if b.Len() != 10 || len(b.Bytes()) != 10 {
		t.Fatal(b.Len())
	}
	b.Truncate(0)
	if n, err := b.Write([]byte("hello")); n != 5 || err != nil || b.Len() != 5 {
		t.Fatal(n, err)
	}
	if n, err := b.Write([]byte(" world")); n != 5 || err != io.ErrShortWrite || string(b.Bytes()) != "hello worl" {
		t.Fatal(n, err)
	}
	b.Truncate(4)
	if n, err := b.ReadFrom(iotest.OneByteReader(strings.NewReader("abcdef"))); n != 6 || err != nil || string(b.Bytes()) != "hellabcdef" {
		t.Fatal(n, err)
	}
	b.Truncate(4)
	if n, err := b.ReadFrom(strings.NewReader("abcdefg")); n != 6 || err != io.ErrShortWrite || string(b.Bytes()) != "hellabcdef" {
		t.Fatal(n, err)
	}
	b.Truncate(4)
	if n, err := b.ReadFrom(iotest.DataErrReader(strings.NewReader("ab"))); n != 2 || err != nil || string(b.Bytes()) != "hellab" {
		t.Fatal(n, err, string(b.Bytes()))
	}
	if n, err := b.ReadFrom(iotest.ErrReader(io.ErrClosedPipe)); n != 0 || err != io.ErrClosedPipe {
		t.Fatal(n, err)
	}
	if n, err := b.ReadFrom(stuck{}); n != 0 || err != io.ErrNoProgress {
		t.Fatal(n, err)
	}
	mustPanic(t, "must be 0 to 6", func() { b.Truncate(7) })
	mustPanic(t, "must be 0 to 6", func() { b.Truncate(-1) })
}

type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func mustPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if text, _ := recover().(string); !strings.Contains(text, want) {
			t.Errorf("panic %q, want %q", text, want)
		}
	}()
	f()
}

// Every use of a Buffer that is not the caller's any more panics and says why.
func TestMisuse(t *testing.T) {
	ctx, s := Begin(context.Background())
	for why, leave := range map[string]func(b *Buffer){
		"given to a call":      func(b *Buffer) { Consume([]*Buffer{b}) },
		"it was released":      (*Buffer).Release,
		"the call to which it": nil,
	} {
		b := New(room(8, new(counted)), nil)
		if leave == nil {
			b, _ = Make(ctx, 8)
			s.End()
		} else {
			leave(b)
		}
		for _, use := range []func(){
			func() { b.Bytes() }, func() { b.Len() }, func() { b.Truncate(0) }, func() { b.Write(nil) },
			func() { b.ReadFrom(strings.NewReader("")) }, b.Release,
		} {
			mustPanic(t, why, use)
		}
	}
	if _, err := Make(ctx, 8); err == nil {
		t.Error("a Buffer for an ended call")
	}
	if _, err := Make(ctx, 0); err == nil {
		t.Error("a Buffer without bytes")
	}
}

// A Buffer that is used twice in one call panics, and nothing is kept.
func TestConsumedTwice(t *testing.T) {
	m := []*counted{new(counted), new(counted)}
	b, other := New(room(8, m[0]), nil), New(room(8, m[1]), nil)
	mustPanic(t, "given to a call", func() { Consume([]*Buffer{other, nil, b, b}) })
	if m[0].n.Load() != 1 || m[1].n.Load() != 1 {
		t.Error("memory is lost")
	}
}

// A forgotten Buffer is released, and somebody is told; others are not.
func TestForgotten(t *testing.T) {
	m, told := new(counted), make(chan int, 10)
	tell := func(size int) { told <- size }
	New(room(100, m), tell)
	New(room(7, new(counted)), tell).Release()
	Consume([]*Buffer{New(room(8, new(counted)), tell)})
	for {
		runtime.GC()
		select {
		case size := <-told:
			if size != 100 || m.n.Load() != 1 {
				t.Error(size, m.n.Load())
			}
			runtime.GC()
			runtime.GC()
			if len(told) > 0 {
				t.Errorf("%d bytes were not forgotten", <-told)
			}
			return
		default:
			runtime.Gosched()
		}
	}
}

// arenaFake is a source whose memory is at the offsets of a slice.
type arenaFake struct {
	mem  []byte
	next int
	out  map[*counted]int
}

func (a *arenaFake) Take(n int) Piece {
	if a.next+n > len(a.mem) {
		return Piece{}
	}
	m := new(counted)
	a.out[m] = a.next
	a.next += n
	return Piece{a.mem[a.next-n : a.next : a.next], m}
}

func (a *arenaFake) View(at, length uint64) (Piece, error) {
	if at+length > uint64(len(a.mem)) {
		return Piece{}, errors.New("outside")
	}
	m := new(counted)
	a.out[m] = int(at)
	return Piece{a.mem[at : at+length : at+length], m}, nil
}

func (a *arenaFake) Offset(p Piece) (int, bool) {
	m, _ := p.Memory.(*counted)
	at, ok := a.out[m]
	return at, ok
}

// A call in a worker: its argument, changed in place, comes back as its result
// beside a new Buffer and an inline one; what is not in the result is released.
func TestScope(t *testing.T) {
	src := &arenaFake{mem: make([]byte, 100), out: map[*counted]int{}}
	sent := src.Take(10)
	copy(sent.Bytes, "0123456789")
	arg := Pack(nil, []byte("body"), []Piece{sent, {}, room(3, nil)}, src.Offset)

	ctx, s := Begin(WithSource(context.Background(), src))
	body, in, err := s.Unpack(arg, 3)
	if err != nil || string(body) != "body" || string(in[0].Bytes()) != "0123456789" || in[1] != nil || in[2].Len() != 3 {
		t.Fatal(err, body, in)
	}
	in[0].Truncate(4)
	fresh, _ := Make(ctx, 20)
	dropped, _ := Make(ctx, 20)
	large, _ := Make(ctx, 500)
	copy(large.Bytes(), "large")
	large.Truncate(5)
	result, err := s.Pack([]byte("out"), []*Buffer{in[0], nil, fresh, large}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	s.End()
	mustPanic(t, "given to a call", func() { fresh.Bytes() })
	mustPanic(t, "has ended", func() { dropped.Bytes() })
	mustPanic(t, "has ended", func() { in[2].Bytes() })

	for m, at := range src.out {
		if kept := at == 0 || at == 10; m.n.Load() > 0 == kept { // two are the argument's, and in the result
			t.Errorf("the memory at %d was released %d times", at, m.n.Load())
		}
	}

	var refs [][2]uint64
	body, out, err := Unpack(result, 4, func(at, length uint64) (Piece, error) {
		refs = append(refs, [2]uint64{at, length})
		return src.View(at, length)
	})
	if err != nil || string(body) != "out" || string(out[0].Bytes) != "0123" || out[1].Bytes != nil || string(out[3].Bytes) != "large" {
		t.Fatal(err, body, out)
	}
	if len(refs) != 2 || refs[0] != [2]uint64{0, 4} || refs[1] != [2]uint64{10, 20} {
		t.Error(refs)
	}

	// What another call owns is no result; a result can be too large.
	ctx, s = Begin(WithSource(context.Background(), src))
	_, other := Begin(ctx)
	b, _ := Make(ctx, 50)
	mustPanic(t, "another call", func() { other.Pack(nil, []*Buffer{b}, 1000) })
	m := b.memory.(*counted)
	if _, err := s.Pack(nil, []*Buffer{b}, 50); err == nil || m.n.Load() != 1 {
		t.Error("a result that is too large")
	}
	s.End()
}

// Without an arena everything travels inline.
func TestScopeWithoutArena(t *testing.T) {
	ctx, s := Begin(context.Background())
	_, in, err := s.Unpack(Pack(nil, nil, []Piece{room(8, nil)}, func(Piece) (int, bool) { return 0, false }), 1)
	if err != nil || in[0].Len() != 8 {
		t.Fatal(err)
	}
	if _, _, err := s.Unpack(Pack(nil, nil, []Piece{room(8, nil)}, func(Piece) (int, bool) { return 0, true }), 1); !errors.Is(err, ErrPlaces) {
		t.Error(err)
	}
	b, err := Make(ctx, 5)
	if err != nil || b.memory != nil {
		t.Fatal(err)
	}
	copy(b.Bytes(), "bytes")
	if got, _ := s.Pack(nil, []*Buffer{b}, 100); !bytes.HasSuffix(got, []byte("bytes")) {
		t.Error(got)
	}
	free, err := Make(t.Context(), 5)
	if err != nil || free.scope != nil {
		t.Error("a Buffer outside of a call")
	}
}

// FuzzUnpack: no payload makes Unpack panic or give more bytes than there are,
// and what it accepts it has accepted in one form only.
func FuzzUnpack(f *testing.F) {
	src := func(Piece) (int, bool) { return 0, false }
	f.Add(Pack(nil, []byte("b"), []Piece{room(3, nil), {}}, src), uint8(2))
	f.Add(Pack(nil, nil, []Piece{room(3, nil)}, func(Piece) (int, bool) { return 4096, true }), uint8(1))
	f.Add([]byte{}, uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		m := new(counted)
		body, pieces, err := Unpack(b, int(n), func(at, length uint64) (Piece, error) {
			if length > 1000 {
				return Piece{}, errors.New("too large")
			}
			return Piece{make([]byte, length), &atOffset{counted: m, at: int(at)}}, nil
		})
		if err != nil {
			return
		}
		again := Pack(nil, body, pieces, func(p Piece) (int, bool) {
			a, ok := p.Memory.(*atOffset)
			if !ok {
				return 0, false
			}
			return a.at, true
		})
		if !bytes.Equal(again, b) {
			t.Fatalf("%x was accepted as %x", b, again)
		}
	})
}

type atOffset struct {
	*counted
	at int
}
