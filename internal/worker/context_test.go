package worker

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/legion-go/legion/internal/reuse"
)

type testKey struct{}

func newTestContext() *callContext {
	return &callContext{Context: context.WithValue(context.Background(), testKey{}, "v"), call: 7}
}

func TestContextOfACall(t *testing.T) {
	c := newTestContext()
	if _, ok := c.Deadline(); ok || c.Err() != nil || c.Value(testKey{}) != "v" || Call(c) != 7 {
		t.Error("a fresh context is wrong")
	}
	if Call(context.Background()) != 0 {
		t.Error("a context without a call has a call number")
	}
	c.cancel(context.DeadlineExceeded)
	c.cancel(context.Canceled) // the first cancel counts
	<-c.Done()
	if c.Err() != context.DeadlineExceeded {
		t.Error(c.Err())
	}
	late := newTestContext()
	done := late.Done()
	late.cancel(context.Canceled)
	<-done
}

// Contexts derived from a callContext end with it, without a goroutine for
// each.
func TestDerivedContexts(t *testing.T) {
	c := newTestContext()
	before := runtime.NumGoroutine()
	var derived []context.Context
	for range 100 {
		d, cancel := context.WithTimeout(c, time.Hour)
		defer cancel()
		derived = append(derived, d)
	}
	if n := runtime.NumGoroutine(); n > before+10 {
		t.Errorf("%d goroutines more", n-before)
	}
	c.cancel(context.Canceled)
	for _, d := range derived {
		<-d.Done()
		if !errors.Is(d.Err(), context.Canceled) {
			t.Error(d.Err())
		}
	}
}

func TestAfterFunc(t *testing.T) {
	c := newTestContext()
	ran := make(chan int, 3)
	stop := c.AfterFunc(func() { ran <- 1 })
	late := c.AfterFunc(func() { ran <- 2 })
	if !stop() || stop() {
		t.Error("stop does not report whether it stopped the function")
	}
	c.cancel(context.Canceled)
	if n := <-ran; n != 2 {
		t.Error(n)
	}
	if late() {
		t.Error("a function that was called has been stopped")
	}
	if c.AfterFunc(func() { ran <- 3 })() {
		t.Error("a function of an ended context was stopped")
	}
	if n := <-ran; n != 3 {
		t.Error(n)
	}
}

// Scratch memory is used again when its call has been answered, and not before;
// a function that goes on after the end of its context gets memory of its own.
func TestScratch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = reuse.Bytes / 8
		memory := func(b []byte) *byte { return unsafe.SliceData(b[:cap(b)]) }
		c := newTestContext()
		first, second := c.Scratch(size), c.Scratch(size)
		if len(first) != 0 || cap(first) < size || memory(first) == memory(second) {
			t.Errorf("%d bytes with room for %d, the same memory twice: %v", len(first), cap(first), memory(first) == memory(second))
		}
		if other := reuse.Get(size); memory(other) == memory(first) || memory(other) == memory(second) {
			t.Error("memory in use was given away")
		}
		c.release()
		c.release() // takes nothing back twice
		again, more, last := reuse.Get(size), reuse.Get(size), reuse.Get(size)
		if memory(again) != memory(second) || memory(more) != memory(first) || memory(last) == memory(first) || memory(last) == memory(second) {
			t.Error("it is not used again, once")
		}
		c.cancel(context.Canceled)
		late := c.Scratch(size)
		c.release()
		if other := reuse.Get(size); cap(late) < size || memory(other) == memory(late) {
			t.Error("memory of a call that has ended was taken back")
		}
		time.Sleep(3 * reuse.Idle) // its timer must end with the bubble
	})
}
