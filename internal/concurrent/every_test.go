package concurrent

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Every begins after one interval, and ends with its context.
func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		n, over := 0, make(chan struct{})
		go func() {
			defer close(over)
			Every(ctx, time.Second, func() { n++ })
		}()
		time.Sleep(2500 * time.Millisecond)
		synctest.Wait()
		cancel()
		<-over
		if n != 2 {
			t.Errorf("%d calls in two intervals and a half", n)
		}
	})
}
