package legion_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/payload"
)

// lender is a daemon whose functions use memory that is only lent to them.
type lender struct {
	d     *legion.Daemon
	upper *legion.Func[payload.Lent, []byte]
	field *legion.Func[picture, picture]
	keep  *legion.Func[payload.Lent, string]
	hold  *legion.Func[bundle, string]
	named *legion.Func[bitmap, bitmap]
	names *legion.Stream[payload.Lent, []byte]
}

type (
	picture struct {
		Name  string
		Bytes payload.Lent
	}
	bitmap []byte
	bundle struct {
		Text    payload.Lent
		Picture *payload.Buffer
	}
)

func newLender(p legion.Pool) *lender {
	l := &lender{d: legion.New(quiet("lender"))}
	p.Sandbox = box()
	var kept payload.Lent
	var scratch []byte
	w := legion.NewWorkers(l.d, "lent", func(context.Context) (*struct{}, error) { return &struct{}{}, nil }, p)
	l.upper = legion.Handle(w, "upper", func(_ *struct{}, ctx context.Context, in payload.Lent) ([]byte, error) {
		if len(in) == 1 {
			return nil, fmt.Errorf("too short")
		}
		return append(payload.Scratch(ctx, len(in)), bytes.ToUpper(in)...), nil
	})
	l.field = legion.Handle(w, "field", func(_ *struct{}, _ context.Context, in picture) (picture, error) {
		if cap(in.Bytes) != len(in.Bytes) {
			return in, fmt.Errorf("it could append to memory of others")
		}
		copy(in.Bytes, "changed")
		return in, nil
	})
	l.keep = legion.Handle(w, "keep", func(_ *struct{}, ctx context.Context, in payload.Lent) (string, error) {
		if len(in) == 0 {
			return string(kept[:4]) + " " + string(scratch[:4]), nil
		}
		kept, scratch = in, payload.Scratch(ctx, len(in))
		copy(scratch[:4], in)
		scratch = scratch[:4]
		return string(in[:4]), nil
	})
	var held [3][]byte
	l.hold = legion.Handle(w, "hold", func(_ *struct{}, ctx context.Context, in bundle) (string, error) {
		if in.Picture == nil {
			return fmt.Sprintf("%s %s %s", held[0], held[1], held[2]), nil
		}
		own, err := payload.NewBuffer(ctx, 4)
		held = [...][]byte{in.Text[max(0, len(in.Text)-4):], in.Picture.Bytes(), own.Bytes()}
		copy(held[2], "mine")
		return "", err
	})
	l.named = legion.Handle(w, "named", func(_ *struct{}, _ context.Context, in bitmap) (bitmap, error) { return in, nil })
	l.names = legion.StreamWorker(l.d, "names", func(ctx context.Context, in payload.Lent) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) {
			for part := range bytes.SplitSeq(in, []byte(" ")) {
				if !yield(part, nil) {
					return
				}
			}
		}
	}, legion.Pool{Max: 1, Spawn: legion.Lazy, Transport: p.Transport})
	return l
}

// everyWay calls f with a started daemon over each transport, and in process.
func everyWay(t *testing.T, f func(t *testing.T, l *lender)) {
	overTransports(t, f)
	overTransport(t, "in process", legion.Pool{}, f)
}

// overTransports calls f with a started daemon over each transport.
func overTransports(t *testing.T, f func(t *testing.T, l *lender)) {
	overTransport(t, "memory", legion.Pool{}, f)
	overTransport(t, "socket", legion.Pool{Transport: legion.Socket}, f)
}

func overTransport(t *testing.T, name string, p legion.Pool, f func(t *testing.T, l *lender)) {
	t.Run(name, func(t *testing.T) {
		legiontest.CheckLeaks(t)
		p.Max = 1
		l := newLender(p)
		if name == "in process" {
			l.d.InProcess()
		}
		legiontest.Start(t, l.d)
		f(t, l)
	})
}

// A result goes into the memory of the caller if there is room, whatever its
// size.
func TestCallInto(t *testing.T) {
	everyWay(t, func(t *testing.T, l *lender) {
		memory := make([]byte, 3, 1<<20)
		first := &memory[:1][0]
		for _, size := range []int{2, 64, 5_000, 20_000, 200_000, 1 << 20, 1<<20 + 1, 3 << 20} {
			in := bytes.Repeat([]byte("a"), size)
			out := memory
			if err := l.upper.CallInto(t.Context(), in, &out); err != nil {
				t.Fatal(err)
			}
			if len(out) != size || bytes.Count(out, []byte("A")) != size {
				t.Errorf("of %d bytes came %d", size, len(out))
			}
			if own := unsafe.SliceData(out) == first; own != (size <= cap(memory)) {
				t.Errorf("%d bytes in the memory of the caller: %v", size, own)
			} else if own && cap(out) != cap(memory) {
				t.Errorf("the result has room for %d bytes, not for %d as before", cap(out), cap(memory))
			}
		}
		var out []byte
		if err := l.upper.CallInto(t.Context(), payload.Lent("abc"), &out); err != nil || string(out) != "ABC" {
			t.Errorf("without memory: %q, %v", out, err)
		}
		if err := l.upper.CallInto(t.Context(), payload.Lent("x"), &out); err == nil || len(out) != 3 {
			t.Errorf("after an error: %q, %v", out, err)
		}
		named := make(bitmap, 0, 10)
		if err := l.named.CallInto(t.Context(), bitmap("bits"), &named); err != nil || string(named) != "bits" || cap(named) != 10 {
			t.Errorf("of a named type: %q, %v", named, err)
		}
		var p picture
		if err := l.field.CallInto(t.Context(), picture{"p", bytes.Repeat([]byte("-"), 100_000)}, &p); err != nil || p.Name != "p" || len(p.Bytes) != 100_000 {
			t.Errorf("a struct: %q and %d bytes, %v", p.Name, len(p.Bytes), err)
		}
	})
}

// A lent argument, and a field that is lent, have the bytes that the caller
// gave; the result of the caller is its own.
func TestLent(t *testing.T) {
	everyWay(t, func(t *testing.T, l *lender) {
		var before []picture
		for i, size := range []int{10, 1_000, 20_000, 200_000, 2 << 20} {
			in := picture{fmt.Sprint(i), bytes.Repeat([]byte{byte('a' + i)}, size)}
			out, err := l.field.Call(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if in.Bytes[0] != byte('a'+i) {
				t.Error("the function has changed the memory of the caller")
			}
			before = append(before, out)
		}
		for i, p := range before {
			want := "changed" + strings.Repeat(string(rune('a'+i)), 3)
			if p.Name != fmt.Sprint(i) || string(p.Bytes[:10]) != want {
				t.Errorf("result %d has become %q", i, p.Bytes[:10])
			}
		}
		var parts []string
		for part, err := range l.names.All(t.Context(), payload.Lent("one two three")) {
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, string(part))
		}
		if len(parts) != 3 || parts[2] != "three" {
			t.Errorf("%q", parts)
		}
	})
}

// A function that keeps lent memory finds the pattern there, of any size, in
// tests. In process, it may be in use by the daemon again, which the race
// detector reports.
func TestKeptMemoryIsSpoiled(t *testing.T) {
	overTransports(t, func(t *testing.T, l *lender) {
		for _, size := range []int{100, 20_000, 200_000, 2 << 20} {
			if out, err := l.keep.Call(t.Context(), bytes.Repeat([]byte("mine"), size/4)); err != nil || out != "mine" {
				t.Fatalf("%q, %v", out, err)
			}
			out, err := l.keep.Call(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			kept, scratch, _ := strings.Cut(out, " ")
			if want := "\xdb\xdb\xdb\xdb"; kept != want || scratch != want {
				t.Errorf("of %d bytes it finds %q and %q", size, kept, scratch)
			}
		}
	})
}

// A small call that follows large ones does not hold the memory of a large one
// while it waits.
func TestSmallCallsAfterLargeHoldLittle(t *testing.T) {
	legiontest.CheckLeaks(t)
	l := newLender(legion.Pool{Max: 1})
	l.d.InProcess()
	legiontest.Start(t, l.d)
	var waiting []*legion.Future[picture]
	var before, after runtime.MemStats
	large := make([]byte, 4<<20)
	runtime.ReadMemStats(&before)
	for range 20 {
		if _, err := l.field.Call(t.Context(), picture{"large", large}); err != nil {
			t.Fatal(err)
		}
		f := l.field.Go(t.Context(), picture{"small", nil})
		if _, err := f.Result(); err != nil {
			t.Fatal(err)
		}
		waiting = append(waiting, f) // it has its memory for as long as it is reachable
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 60<<20 {
		t.Errorf("%d small calls hold %d MiB", len(waiting), grown>>20)
	}
	runtime.KeepAlive(waiting)
}

// So does one that keeps what is lent beside a Buffer, or the Buffer's bytes.
func TestKeptMemoryBesideABuffer(t *testing.T) {
	overTransports(t, func(t *testing.T, l *lender) {
		for _, size := range []int{100, 20_000, 200_000, 2 << 20} {
			b, err := l.hold.Pool().NewBuffer(4)
			if err != nil {
				t.Fatal(err)
			}
			copy(b.Bytes(), "mine")
			if _, err := l.hold.Call(t.Context(), bundle{bytes.Repeat([]byte("mine"), size/4), b}); err != nil {
				t.Fatal(err)
			}
			const spoiled = "\xdb\xdb\xdb\xdb"
			if out, err := l.hold.Call(t.Context(), bundle{}); err != nil || out != spoiled+" "+spoiled+" "+spoiled {
				t.Errorf("beside %d bytes it finds %q, %v", size, out, err)
			}
		}
	})
}
