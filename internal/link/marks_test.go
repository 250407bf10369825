package link_test

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

func TestMarks(t *testing.T) {
	d, w := pair(t, link.Socket, link.Options{})
	if !w.Begin(1) || d.Revoke(1) {
		t.Error("a socket has no marks")
	}
	if link.Default() != link.SharedMemory {
		return
	}
	d, w = pair(t, link.SharedMemory, link.Options{})
	id := wire.CallID
	for _, step := range []struct {
		what string
		got  bool
		want bool
	}{
		{"begin", w.Begin(id(3, 0)), true},
		{"begin again", w.Begin(id(3, 0)), false},
		{"revoke what has begun", d.Revoke(id(3, 0)), false},
		{"revoke the next", d.Revoke(id(3, 1)), true},
		{"revoke again", d.Revoke(id(3, 1)), false},
		{"begin what was revoked", w.Begin(id(3, 1)), false},
		{"begin a newer one", w.Begin(id(3, 2)), true},
		{"begin an older one", w.Begin(id(3, 1)), false},
		{"skip generations", w.Begin(id(3, 1000)), true},
		{"another slot", w.Begin(id(4, 1)), true},
		{"first of a slot is revoked", d.Revoke(id(255, 1)), true},
		{"and does not begin", w.Begin(id(255, 1)), false},
		{"half way round", w.Begin(id(5, wire.GenMask/2)), true},
		{"nearly to the end", w.Begin(id(5, wire.GenMask-1)), true},
		{"around", w.Begin(id(5, 0)), true},
		{"back", w.Begin(id(5, wire.GenMask-1)), false},
	} {
		if step.got != step.want {
			t.Errorf("%s: %v", step.what, step.got)
		}
	}
}

// TestEitherBeginsOrIsRevoked races Begin and Revoke for many calls: exactly
// one must win.
func TestEitherBeginsOrIsRevoked(t *testing.T) {
	if link.Default() != link.SharedMemory {
		return // nothing to race: see TestMarks
	}
	d, w := pair(t, link.SharedMemory, link.Options{})
	const rounds = 20_000
	var begun, taken int
	start, answer := make(chan uint32), make(chan bool)
	go func() {
		for call := range start {
			answer <- w.Begin(call)
		}
	}()
	defer close(start)
	rng := rand.New(rand.NewPCG(1, 1))
	var sink atomic.Int32
	for gen := range uint32(rounds) {
		call := wire.CallID(9, gen+1)
		start <- call
		for range rng.IntN(100) {
			sink.Add(1)
		}
		r := d.Revoke(call)
		b := <-answer
		if r == b {
			t.Fatalf("call %d: begun %v, revoked %v", gen, b, r)
		}
		if b {
			begun++
		} else {
			taken++
		}
	}
	t.Logf("%d begun, %d revoked", begun, taken)
}
