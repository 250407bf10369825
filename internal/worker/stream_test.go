package worker

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion/internal/wire"
)

// A streamed result fills its window, in elements and in bytes, and continues
// as its reader takes elements; it does not use another call's credit.
func TestWindowOfAStream(t *testing.T) {
	items := func(from, to int) (want []string) {
		for i := range to - from {
			want = append(want, fmt.Sprintf("1 item %d", from+i))
		}
		return want
	}
	synctest.Test(t, func(t *testing.T) {
		var list []string
		for i := range 40 {
			list = append(list, fmt.Sprint(i))
		}
		d := serve(t, Config{Concurrency: 2})
		d.do(nth(2), "hold") // streams nothing
		d.request(nth(1), streamFunc, strings.Join(list, ",")+",")
		d.want(append([]string{"2 begins"}, items(0, 32)...)...)
		d.credit(nth(2), wire.Taken{Items: 8})
		d.credit(nth(3), wire.Taken{Items: 8})
		d.credit(wire.CallID(1, 2), wire.Taken{Items: 8})
		d.want()
		d.credit(nth(1), wire.Taken{Items: 1})
		d.want(items(32, 33)...)
		d.credit(nth(1), wire.Taken{})
		d.want()
		d.credit(nth(1), wire.Taken{Items: 3})
		d.credit(nth(1), wire.Taken{Items: 30})
		d.want(append(items(33, 40), "1 End")...)
		d.credit(nth(1), wire.Taken{Items: 1}) // comes too late
		d.release(nth(2))
		d.want("2 OK")
		d.hangup()
	})
	synctest.Test(t, func(t *testing.T) {
		large := strings.Repeat("x", wire.StreamBytes-1)
		d := serve(t, Config{})
		d.request(nth(1), streamFunc, large+",y,z,")
		d.want("1 item xxxxxxxxxxxxxxxxxxxx", "1 item y")
		d.credit(nth(1), wire.Taken{Bytes: 1})
		d.want("1 item z", "1 End")
		d.hangup()
	})
}

// A stream ends with its context: while it waits for its reader, and at the
// next element, with or without room.
func TestCancelledStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{})
		d.request(nth(1), streamFunc, strings.Repeat("x,", wire.StreamItems+1))
		d.want(slices.Repeat([]string{"1 item x"}, wire.StreamItems)...)
		d.cancel(nth(1), wire.CauseTimeout)
		d.want("1 emit: context deadline exceeded", "1 Error code: context deadline exceeded")
		d.cancel(nth(2), wire.CauseCanceled) // comes before its request
		d.request(nth(2), streamFunc, "x,")
		d.want("2 emit: context canceled", "2 Error code: context canceled")
		d.hangup()
	})
}
