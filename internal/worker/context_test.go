package worker

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
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
