package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/legion-go/legion/internal/wire"
)

func TestKindsAreNamedAndDirected(t *testing.T) {
	for k := range 256 {
		k := wire.Kind(k)
		if k.Valid() == strings.HasPrefix(k.String(), "Kind(") {
			t.Errorf("%v: Valid = %v", k, k.Valid())
		}
		if k.ToWorker() && !k.Valid() {
			t.Errorf("%v has a direction but is not valid", k)
		}
	}
	for _, k := range []wire.Kind{wire.Request, wire.Cancel, wire.Credit, wire.Stop, wire.Pause, wire.Resume, wire.Ping, wire.Stacks, wire.Freed, wire.Capture, wire.Snapshot} {
		if !k.ToWorker() {
			t.Errorf("%v does not travel to the worker", k)
		}
	}
	for _, k := range []wire.Kind{wire.Pong, wire.Ready, wire.Failed, wire.Response, wire.Item, wire.Log, wire.Loop, wire.Stack, wire.Captured, wire.Progress} {
		if k.ToWorker() {
			t.Errorf("%v travels to the worker", k)
		}
	}
}

func TestHeaderWord(t *testing.T) {
	h := wire.Header{Kind: 11, Flags: 0xa5, Code: 0xbeef, Call: 0xdeadc0de}
	if got := wire.FromWord(h.Word()); got != h {
		t.Fatalf("got %v, want %v", got, h)
	}
	if got, want := h.Word(), uint64(0xdeadc0debeefa50b); got != want {
		t.Fatalf("the layout of the header has changed: %x, want %x", got, want)
	}
}

func TestCallID(t *testing.T) {
	for _, c := range []struct {
		slot uint8
		gen  uint32
	}{{0, 0}, {255, 1}, {7, wire.GenMask}} {
		id := wire.CallID(c.slot, c.gen)
		if wire.Slot(id) != c.slot || wire.Gen(id) != c.gen {
			t.Errorf("CallID(%d, %d) = %x", c.slot, c.gen, id)
		}
	}
	for gen, want := range map[uint32]uint32{0: 1, 1: 2, wire.GenMask - 1: wire.GenMask, wire.GenMask: 1} {
		if next := wire.NextGen(gen); next != want {
			t.Errorf("%x comes after %x", next, gen)
		}
	}
	if wire.CallID(3, 1<<24|9) != wire.CallID(3, 9) {
		t.Error("a generation has 24 bits")
	}
	for _, c := range []struct {
		a, b uint32
		want bool
	}{{1, 0, true}, {0, 1, false}, {5, 5, false}, {0, wire.GenMask, true}, {wire.GenMask, 0, false}, {1<<23 - 1, 0, true}, {0, 1<<23 - 1, false}} {
		if got := wire.Newer(c.a, c.b); got != c.want {
			t.Errorf("Newer(%x, %x) = %v", c.a, c.b, got)
		}
	}
}

func TestTimeoutAndPiece(t *testing.T) {
	var b [8]byte
	wire.PutTimeout(b[:], time.Hour)
	if d, err := wire.GetTimeout(b[:]); d != time.Hour || err != nil {
		t.Fatalf("got %v, %v", d, err)
	}
	for _, d := range []time.Duration{0, -1} {
		wire.PutTimeout(b[:], d)
		if _, err := wire.GetTimeout(b[:]); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("timeout %v: %v", d, err)
		}
	}
	p := wire.PieceHead{Stream: wire.MaxStreams - 1, Total: 1 << 31}
	p.Put(b[:])
	if got, err := wire.GetPiece(b[:]); got != p || err != nil {
		t.Fatalf("got %v, %v", got, err)
	}
	p.Stream++
	p.Put(b[:])
	if _, err := wire.GetPiece(b[:]); !errors.Is(err, wire.ErrMalformed) {
		t.Fatalf("stream out of range: %v", err)
	}
	if _, err := wire.GetPiece(b[:7]); !errors.Is(err, wire.ErrMalformed) {
		t.Fatalf("short piece: %v", err)
	}
	if _, err := wire.GetTimeout(b[:7]); !errors.Is(err, wire.ErrMalformed) {
		t.Fatalf("short timeout: %v", err)
	}
}

func TestFaultIsCut(t *testing.T) {
	f := wire.Fault{Code: strings.Repeat("c", 300), Message: "x" + strings.Repeat("é", 40<<10), Stack: strings.Repeat("\x80", 300<<10)}
	got, err := wire.DecodeFault(wire.AppendFault([]byte("before"), f)[6:])
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Code) != wire.MaxFaultCode || len(got.Stack) != wire.MaxFaultStack {
		t.Errorf("code of %d, stack of %d bytes", len(got.Code), len(got.Stack))
	}
	if len(got.Message) != wire.MaxFaultMessage-1 || !utf8.ValidString(got.Message) {
		t.Errorf("message of %d bytes, valid: %v", len(got.Message), utf8.ValidString(got.Message))
	}
	if !strings.HasPrefix(f.Message, got.Message) || !strings.HasPrefix(f.Stack, got.Stack) {
		t.Error("not a prefix of the encoded text")
	}
}

func TestStackIsCut(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		"main.f()\n":                         "main.f()\n",
		"main.\xff\xfe":                      "main.",
		strings.Repeat("x", wire.MaxStack+1): strings.Repeat("x", wire.MaxStack),
		"x" + strings.Repeat("é", wire.MaxStack/2+1000): "x" + strings.Repeat("é", wire.MaxStack/2-1),
	} {
		b := wire.AppendStack([]byte("before"), text)
		if got, err := wire.DecodeStack(b[6:]); got != want || err != nil {
			t.Errorf("%.20q becomes %.20q of %d bytes, %v", text, got, len(got), err)
		}
	}
	for _, b := range [][]byte{{0xff}, make([]byte, wire.MaxStack+1)} {
		if s, err := wire.DecodeStack(b); s != "" || !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%d bytes decode: %v", len(b), err)
		}
	}
}

func TestHello(t *testing.T) {
	h := wire.Hello{Version: wire.Version, PID: 77, Funcs: []wire.FuncInfo{{Name: "resize", Hash: 1<<63 + 5}, {Name: "", Stream: true}}}
	b := wire.AppendHello(nil, h)
	got, err := wire.DecodeHello(b)
	if err != nil || !reflect.DeepEqual(got, h) {
		t.Fatalf("got %+v, %v", got, err)
	}
	refuseParts(t, b)
	if _, err := wire.DecodeHello(append(b, 0)); !errors.Is(err, wire.ErrMalformed) {
		t.Fatalf("extra bytes at the end: %v", err)
	}
	b[0]++
	if got, err := wire.DecodeHello(b); err != nil || got.Version == wire.Version || got.PID != 77 || got.Funcs != nil {
		t.Fatalf("another version: %+v, %v", got, err)
	}
}

// refuseParts checks that no part of a Hello decodes.
func refuseParts(t *testing.T, b []byte) {
	t.Helper()
	for i := range b {
		if _, err := wire.DecodeHello(b[:i]); !errors.Is(err, wire.ErrMalformed) {
			t.Fatalf("the first %d bytes decode: %v", i, err)
		}
	}
}

func TestHelloOfASealedWorker(t *testing.T) {
	h := wire.Hello{Version: wire.Version, PID: 77, Funcs: []wire.FuncInfo{{Name: "resize"}}, Seal: wire.Seal{
		Sealed: true, Took: 480 * time.Microsecond, Held: []string{"files: Landlock 7", "calls: seccomp"}, Missing: []string{"CPU: no cgroup"},
	}}
	b := wire.AppendHello(nil, h)
	if got, err := wire.DecodeHello(b); err != nil || !reflect.DeepEqual(got, h) {
		t.Fatalf("got %+v, %v", got, err)
	}
	refuseParts(t, b)
	if _, err := wire.DecodeHello(append(b, 0)); !errors.Is(err, wire.ErrMalformed) {
		t.Fatalf("extra bytes at the end: %v", err)
	}
	var many []string
	for range wire.MaxSealParts + 1 {
		many = append(many, "x"+strings.Repeat("é", wire.MaxSealText))
	}
	got, err := wire.DecodeHello(wire.AppendHello(nil, wire.Hello{Version: wire.Version, Seal: wire.Seal{Sealed: true, Held: many, Missing: many}}))
	if err != nil || len(got.Seal.Held) != wire.MaxSealParts || len(got.Seal.Missing) != wire.MaxSealParts || len(got.Seal.Held[0]) > wire.MaxSealText {
		t.Fatalf("too much text: %v, %d and %d entries", err, len(got.Seal.Held), len(got.Seal.Missing))
	}
	seal := len(wire.AppendHello(nil, wire.Hello{Version: wire.Version})) - 1 // the offset of the seal
	for what, bad := range map[string][]byte{
		"another form":      {2},
		"a negative time":   {1, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0},
		"too many entries":  {1, 0, 0, 0, 0, 0, 0, 0, 0, wire.MaxSealParts + 1},
		"an entry too long": append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 4}, make([]byte, wire.MaxSealText+2)...),
		"no text":           {1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0xff, 0},
	} {
		if _, err := wire.DecodeHello(append(wire.AppendHello(nil, wire.Hello{Version: wire.Version})[:seal], bad...)); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDecodersAllocateNoMoreThanTheyWereGiven(t *testing.T) {
	hello := wire.AppendHello(nil, wire.Hello{Version: wire.Version})
	hello[2], hello[3] = 0xff, 0xff // claims 65535 functions
	if _, err := wire.DecodeHello(hello); !errors.Is(err, wire.ErrMalformed) {
		t.Fatal(err)
	}
	fault := []byte{0, 0, 0, 0, 0xff, 0xff, 0, 0, 'x'}
	if _, err := wire.DecodeFault(fault); !errors.Is(err, wire.ErrMalformed) {
		t.Fatal(err)
	}
}

func FuzzFault(f *testing.F) {
	f.Add(wire.AppendFault(nil, wire.Fault{}))
	f.Add(wire.AppendFault(nil, wire.Fault{Code: "c", Message: "m", Stack: "s"}))
	f.Add([]byte{255, 255, 255, 255, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := wire.DecodeFault(b)
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again := wire.AppendFault(nil, v); !bytes.Equal(again, b) {
			t.Fatalf("%x decodes to a value that encodes as %x", b, again)
		}
	})
}

func FuzzStack(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("goroutine 1 [running]:\nmain.main()\n"))
	f.Add([]byte{0xff, 'x', 0xe2, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := wire.DecodeStack(b)
		if err != nil && !errors.Is(err, wire.ErrMalformed) {
			t.Fatal(err)
		}
		if err == nil && !bytes.Equal(wire.AppendStack(nil, s), b) {
			t.Fatalf("%q decodes to a text that encodes differently", b)
		}
		if _, err := wire.DecodeStack(wire.AppendStack(nil, string(b))); err != nil {
			t.Fatalf("the encoding does not decode: %v", err)
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(wire.AppendHello(nil, wire.Hello{Version: wire.Version}))
	f.Add(wire.AppendHello(nil, wire.Hello{Version: wire.Version, PID: 1, Funcs: []wire.FuncInfo{{Name: "a", Hash: 3, Stream: true}}}))
	f.Add(wire.AppendHello(nil, wire.Hello{Version: wire.Version, Seal: wire.Seal{Sealed: true, Took: 1, Held: []string{"calls"}, Missing: []string{"", "CPU"}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := wire.DecodeHello(b)
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if v.Version != wire.Version {
			return
		}
		if again := wire.AppendHello(nil, v); !bytes.Equal(again, b) {
			t.Fatalf("%x decodes to a value that encodes as %x", b, again)
		}
	})
}

func FuzzOffsets(f *testing.F) {
	f.Add(wire.AppendOffsets(nil, []uint64{0, 4096, 1 << 40}))
	f.Add(wire.AppendOffsets(nil, make([]uint64, wire.MaxFreed+1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := wire.DecodeOffsets(b)
		if (err == nil) != (len(b)%8 == 0 && len(b) <= 8*wire.MaxFreed) {
			t.Fatal(len(b), err)
		}
		if again := wire.AppendOffsets(nil, v); err == nil && !bytes.Equal(again, b) {
			t.Fatalf("%x decodes to offsets that encode as %x", b, again)
		}
	})
}

func FuzzProgress(f *testing.F) {
	f.Add(wire.AppendProgress(nil, wire.Done{Done: 3, Of: 7, Note: "page 3"}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := wire.DecodeProgress(b)
		if err != nil {
			if !errors.Is(err, wire.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again := wire.AppendProgress(nil, d); !bytes.Equal(again, b) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}

// A note is cut between two characters, and holds nothing that a terminal would
// obey.
func TestProgressIsClean(t *testing.T) {
	for _, c := range []struct{ in, want wire.Done }{
		{wire.Done{Done: 1.5, Of: 3, Note: "page 3"}, wire.Done{Done: 1.5, Of: 3, Note: "page 3"}},
		{wire.Done{Done: math.Inf(1), Of: math.NaN(), Note: "a\x1b[2Jb\nc\xff"}, wire.Done{Note: "a[2Jbc"}},
		{wire.Done{Note: strings.Repeat("é", 1<<20)}, wire.Done{Note: strings.Repeat("é", 32)}},
		{wire.Done{Note: "x" + strings.Repeat("é", 40)}, wire.Done{Note: "x" + strings.Repeat("é", 31)}},
	} {
		if got, err := wire.DecodeProgress(wire.AppendProgress(nil, c.in)); err != nil || got != c.want {
			t.Errorf("%.80v, %v", got, err)
		}
	}
	nan := binary.LittleEndian.AppendUint64(make([]byte, 8), math.Float64bits(math.NaN()))
	inf := binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.Inf(-1)))
	for _, odd := range [][]byte{nan, append(inf, inf...), make([]byte, 15), make([]byte, 81), append(make([]byte, 16), 27), append(make([]byte, 16), 255)} {
		if d, err := wire.DecodeProgress(odd); !errors.Is(err, wire.ErrMalformed) {
			t.Errorf("%x is %v", odd, d)
		}
	}
}

func FuzzCredit(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := wire.DecodeCredit(b)
		if (err == nil) != (len(b) == 12) {
			t.Fatal(err)
		}
		if err == nil && !bytes.Equal(wire.AppendCredit(nil, c), b) {
			t.Fatal("not the inverse")
		}
	})
}
