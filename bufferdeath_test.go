package legion_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/payload"
)

// The bytes of a Buffer outlive the worker, and go with the last Release.
func TestBuffersOfADeadWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newShelf(legion.Pool{Max: 1}).start(t)
	unused := s.buffer(t, "unused")
	result, err := s.fill.Call(t.Context(), 5000)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.do.Call(t.Context(), errand{What: "die", In: s.buffer(t, "x")})
	if !errors.Is(err, legion.ErrCrashed) {
		t.Fatal(err)
	}
	if err := s.turn.Pool().KillAll(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.do.Call(t.Context(), errand{}); err != nil { // of a new worker
		t.Fatal(err)
	}
	if b := result.Bytes(); len(b) != 5000 || b[4999] != byte(4999%256) || string(unused.Bytes()) != "unused" {
		t.Error("the bytes are gone")
	}
	out, err := s.turn.Call(t.Context(), unused) // to another worker
	if err != nil || out.Bytes()[0] != 'u'^0xff {
		t.Error(err)
	}
	out.Release()
	result.Release()
	mappings := func() int {
		maps, _ := os.ReadFile("/proc/self/maps")
		return strings.Count(string(maps), "legion arena")
	}
	await(t, func() bool { return mappings() <= 2 }) // of the live workers of both pools
}

// Workers die all the time: every call that has a result has the right one, and
// nothing is left.
func TestBuffersOfDyingWorkers(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newShelf(legion.Pool{Max: 2, Min: 2, Retry: 2, MaxRestarts: -1, Arena: 256 << 10}).start(t)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for n := range 40 {
				if i == 0 && n%4 == 0 {
					_ = s.turn.Pool().KillAll()
				}
				size := 1 + (i*7919+n*104729)%40_000
				text := strings.Repeat(string(rune('a'+i)), size)
				in := cards{Name: "x", First: s.buffer(t, text)}
				in.Deep.Last = s.buffer(t, "abc")
				out, err := s.cards.Call(t.Context(), in)
				if errors.Is(err, legion.ErrCrashed) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if string(out.First.Bytes()) != "abc" || string(out.Deep.Last.Bytes()) != text {
					t.Errorf("caller %d got another's bytes", i)
				}
				out.First.Release()
				out.Deep.Last.Release()
			}
		})
	}
	all.Wait()
	if n := s.turn.Pool().Stats().Corrupt; n != 0 {
		t.Errorf("%d workers broke the protocol", n)
	}
}

// A call that is tried again takes its Buffers to the next worker.
func TestRetryWithABuffer(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newShelf(legion.Pool{Max: 1, Retry: 1}).start(t)
	got, err := s.do.Call(t.Context(), errand{What: "die once", Path: t.TempDir() + "/once", In: s.buffer(t, "A")})
	if err != nil || got != 'A' {
		t.Error(got, err)
	}
}

// A call that cannot be made has consumed its Buffers all the same; and none is
// made before the start.
func TestBuffersOfFailedCalls(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newShelf(legion.Pool{Max: 1, MaxPayload: 1 << 20, KillGrace: time.Hour})
	if _, err := s.turn.Pool().NewBuffer(1); !errors.Is(err, legion.ErrStopped) {
		t.Errorf("before the start: %v", err)
	}
	s.start(t)
	for _, n := range []int{-1, 0, 1<<20 - 15} {
		if _, err := s.turn.Pool().NewBuffer(n); err == nil {
			t.Errorf("a Buffer of %d bytes", n)
		}
	}
	b, err := s.turn.Pool().NewBuffer(1<<20 - 16)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = s.turn.Call(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	large := cards{First: b, Name: "x"}
	if _, err := s.cards.Call(t.Context(), large); !errors.Is(err, legion.ErrRefused) {
		t.Errorf("too large an argument: %v", err)
	}
	gonePanics(t, "given to a call", b)
	if _, err := s.fill.Call(t.Context(), 1<<20-15); !errors.Is(err, legion.ErrRefused) || !strings.Contains(err.Error(), "raise Pool.MaxPayload") {
		t.Errorf("too large a result: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	b = s.buffer(t, "x")
	if _, err := s.turn.Call(ended, b); !errors.Is(err, legion.ErrCanceled) {
		t.Error(err)
	}
	gonePanics(t, "given to a call", b)
	b = s.buffer(t, "x")
	if _, err := s.turn.Go(ended, b).Result(); !errors.Is(err, legion.ErrCanceled) {
		t.Error(err)
	}
	gonePanics(t, "given to a call", b)

	// A cancelled call keeps its memory until its function has returned.
	path := t.TempDir() + "/runs"
	fut := s.do.Go(t.Context(), errand{What: "wait", Path: path, In: s.buffer(t, "x")})
	await(t, func() bool { _, err := os.Stat(path); return err == nil })
	fut.Cancel()
	if _, err := fut.Result(); !errors.Is(err, legion.ErrCanceled) {
		t.Error(err)
	}
}

// What is known of a call, to hooks too, does not depend on what its caller has
// done with the Buffers of its result.
func TestInfoOfReleasedBuffers(t *testing.T) {
	legiontest.CheckLeaks(t)
	results := make(chan int, 8)
	s := newShelf(legion.Pool{Max: 1, OnEnd: func(e legion.CallEnd) { results <- e.ResultBytes }}).start(t)
	released := make(chan struct{})
	release := sync.OnceFunc(func() { close(released) })
	defer release()
	entered := make(chan struct{})
	s.fill.Go(t.Context(), 1).Then(func(b *payload.Buffer, err error) { // the hooks wait behind it
		close(entered)
		<-released
		b.Release()
	})
	<-entered
	fut := s.fill.Go(t.Context(), 5000)
	out, err := fut.Result()
	if err != nil {
		t.Fatal(err)
	}
	out.Release()
	if got := fut.Info().ResultBytes; got < 5000 {
		t.Errorf("the result had %d bytes", got)
	}
	release()
	if first, second := <-results, <-results; first < 1 || second < 5000 {
		t.Errorf("the hook was told of results of %d and %d bytes", first, second)
	}
}
