package pool

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
)

// A call that is used again holds nothing of its last use but memory: of every
// field, also of those to come.
func TestResetLeavesNothing(t *testing.T) {
	c := NewCall()
	if c.isDone() {
		t.Error("a new call is done")
	}
	kept := map[string]bool{
		"woken": true, "isDone": true, "buf": true, "Encoded": true, "In": true, "inQueue": true, "inTimers": true,
	}
	each := func(do func(name string, f reflect.Value)) {
		v := reflect.ValueOf(c).Elem()
		for _, v := range []reflect.Value{v, v.FieldByName("inCore")} {
			for i := range v.NumField() {
				if name := v.Type().Field(i).Name; !kept[name] {
					do(name, v.Field(i))
				}
			}
		}
	}
	each(func(_ string, f reflect.Value) { fillField(f) })
	c.OnEnd, c.Stream = func(*Call) {}, func([]byte) error { return nil }
	c.back, c.Out = []bool{true}, []*buffer.Buffer{nil}
	c.signal.Store(callDone)
	c.hold()
	c.loan = nil // it ends before the call does
	if !c.isDone() {
		t.Error("a call that has ended is not done")
	}
	c.Reset()
	each(func(name string, f reflect.Value) {
		if !f.IsZero() {
			t.Errorf("%s is still set", name)
		}
	})
}

func TestRecycledCallIsReset(t *testing.T) {
	c := NewCall()
	c.Func = 1
	if c.Recycle(); c.Func != 0 {
		t.Error("it still has its function")
	}
}

// fillField sets a field to something else than nothing, as far as it is a
// number, a text, bytes or a truth.
func fillField(f reflect.Value) {
	f = reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
	switch {
	case f.Kind() == reflect.Bool:
		f.SetBool(true)
	case f.CanInt():
		f.SetInt(1)
	case f.CanUint():
		f.SetUint(1)
	case f.Kind() == reflect.String:
		f.SetString("x")
	case f.Type() == reflect.TypeFor[[]byte]():
		f.SetBytes([]byte("x"))
	case f.Kind() == reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
	case f.Type() == reflect.TypeFor[Outcome]():
		f.Set(reflect.ValueOf(Outcome{Kind: OK, Reason: "x"}))
	}
}

// A call keeps the memory of a small result and a small argument for its next
// use; that of large ones is for others. What was given raw is its caller's.
func TestWhatResetKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 64 << 10
		memory := func(b []byte) *byte { return unsafe.SliceData(b[:cap(b)]) }
		for _, raw := range []bool{false, true} {
			for _, n := range []int{100, most, most + 1} {
				c := NewCall()
				data, encoded := make([]byte, n), make([]byte, n)
				c.Raw, c.Data, c.Encoded = raw, data, encoded
				c.Reset()
				if own := memory(c.buf) == memory(data); own != (!raw && n <= most) || len(c.buf) != 0 {
					t.Errorf("raw %v, %d bytes: the result's memory is kept: %v", raw, n, own)
				}
				if own := memory(c.Encoded) == memory(encoded); own != (n <= most) || len(c.Encoded) != 0 {
					t.Errorf("%d bytes: the argument's memory is kept: %v", n, own)
				}
				if n > most {
					a, b := memory(reuse.Get(n)), memory(reuse.Get(n))
					if a != memory(encoded) || (b == memory(data)) == raw {
						t.Errorf("raw %v: large memory is not for others, or what is the caller's is", raw)
					}
				}
				c.buf = []byte{1}
				c.Reset()
				if c.buf == nil {
					t.Error("memory that was not used is lost")
				}
			}
		}
		time.Sleep(3 * reuse.Idle) // its timer must end with the bubble
	})
}

// Memory that is too small is not used, and what arrived in memory of its own
// goes back when it was copied.
func TestMemoryOfAnAnswer(t *testing.T) {
	f := func(n int, owned bool) link.Frame {
		return link.Frame{Header: wire.Header{Kind: wire.Response}, Payload: make([]byte, n), Owned: owned}
	}
	for _, room := range []int{0, 9, 10, 11} {
		c := NewCall()
		c.buf = make([]byte, 0, room)
		b, again := c.memory(f(10, false)), c.buf
		if cap(b) < 10 || len(b) != 0 || (again == nil) != (room >= 10) {
			t.Errorf("for 10 bytes, of %d: room for %d, kept %v", room, cap(b), again != nil)
		}
	}
	c := NewCall()
	if c.Raw = true; cap(c.memory(f(10, false))) != 10 || c.memory(f(10, true)) != nil || c.lend(0) == nil {
		t.Error("a raw result has no memory of its own")
	}
	if c.Raw = false; c.lend(0) != nil {
		t.Error("memory is lent for a result that is not raw")
	}
	failed := f(10, false)
	failed.Code = uint16(wire.Error)
	if c.memory(failed) != nil {
		t.Error("memory for a result that does not come")
	}
	synctest.Test(t, func(t *testing.T) {
		large := f(reuse.Least, true)
		a, err := read(large, make([]byte, 0, reuse.Least))
		if back := reuse.Get(reuse.Least)[:1]; err != nil || &back[0] != &large.Payload[0] || &a.data[0] == &back[0] {
			t.Error("what was copied does not go back")
		}
		mine := f(reuse.Least, false)
		if _, err := read(mine, nil); err != nil || &reuse.Get(reuse.Least)[:1][0] == &mine.Payload[0] {
			t.Error("the link's memory was taken")
		}
		time.Sleep(3 * reuse.Idle)
	})
}
