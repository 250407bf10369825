package turns

import (
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// Callbacks come after the loop, in order and one at a time, whenever they were
// added, and after one that panics or ends its goroutine.
func TestAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan struct{})
		var got notes // no lock: one at a time
		a := After{Ended: ended, Failed: func(err error) { got.panicked("one", err) }}
		for i := range 3 {
			a.Add(func() {
				time.Sleep(time.Duration(3-i) * time.Second) // a later one would be done earlier
				got.add("before %d", i)
			})
		}
		a.Add(func() { panic("unlucky") })
		a.Add(runtime.Goexit)
		a.Add(func() { a.Add(got.noting("added by one")) })
		synctest.Wait()
		if len(got) > 0 {
			t.Errorf("before the end of the loop: %q", got)
		}
		close(ended)
		time.Sleep(time.Minute)
		a.Add(got.noting("later"))
		synctest.Wait()
		want := []string{"before 0", "before 1", "before 2", "one panicked: unlucky", "one: " + errGoexit.Error(), "added by one", "later"}
		if !slices.Equal(got, want) {
			t.Errorf("%q", got)
		}
	})
}
