package worker

import (
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion/internal/wire"
)

// A call can be cancelled before its request has come, while it waits behind
// another, and while it runs; each time the function sees the cancellation and
// its cause.
func TestCancelAtAnyTime(t *testing.T) {
	for cause, why := range map[wire.Cause]string{
		wire.CauseTimeout: "context deadline exceeded", wire.CauseCanceled: "context canceled", wire.CauseStop: "context canceled",
	} {
		synctest.Test(t, func(t *testing.T) {
			d := serve(t, Config{})
			d.cancel(nth(3), cause)
			d.do(nth(1), "wait")
			d.do(nth(2), "wait")
			d.do(nth(3), "wait")
			d.want("1 begins")
			d.cancel(nth(2), cause)
			d.want()
			d.cancel(nth(1), cause)
			ended := " Error code: " + why
			d.want("1"+ended, "2 begins", "2"+ended, "3 begins", "3"+ended)
			d.hangup()
		})
	}
}

// A cancel ends only its call, and only once: not another in its slot, nor a
// later one with the same number.
func TestCancelIsOfOneCall(t *testing.T) {
	const ended = " Error code: context canceled"
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{Concurrency: 2})
		d.do(nth(1), "wait")
		d.do(nth(2), "wait")
		d.do(nth(3), "wait")
		d.want("1 begins", "2 begins")
		d.cancel(wire.CallID(1, 2), wire.CauseCanceled)
		d.cancel(wire.CallID(3, 2), wire.CauseCanceled)
		d.cancel(nth(4), wire.CauseCanceled)
		d.want()
		for _, slot := range []int{3, 1, 2} { // one that waits, and two that run
			d.cancel(nth(slot), wire.CauseCanceled)
		}
		d.want("1"+ended, "3 begins", "3"+ended, "2"+ended)
		for _, slot := range []int{5, 6, 7} {
			d.do(nth(slot), "wait")
		}
		d.want("5 begins", "6 begins")
		d.cancel(nth(5), wire.CauseCanceled)
		d.want("5"+ended, "7 begins") // it waited before
		d.cancel(nth(7), wire.CauseCanceled)
		d.cancel(nth(6), wire.CauseCanceled)
		d.want("7"+ended, "6"+ended)
		for slot := range 4 {
			again := nth(slot + 1)
			d.do(again, "wait")
			if slot == 3 { // cancelled before it came
				d.want("4 begins", "4"+ended)
				d.do(again, "wait")
			}
			d.want(name(again) + " begins")
			d.cancel(again, wire.CauseCanceled)
			d.want(name(again) + ended)
		}
		d.hangup()
	})
}

// A cancel that comes after the end of its call cancels no later call: not that
// of the next one, nor, when generations begin again, that with the same
// number.
func TestLateCancelIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{})
		first := wire.CallID(0, 1)
		for _, id := range []uint32{first, wire.CallID(0, 1<<23), wire.CallID(0, wire.GenMask), first} {
			d.do(id, "wait")
			d.want(name(id) + " begins")
			d.cancel(id, wire.CauseCanceled)
			d.want(name(id) + " Error code: context canceled")
			if id == first {
				d.cancel(id, wire.CauseCanceled)
			}
		}
		d.hangup()
	})
}

// A cancel or a credit finds the newest call of a slot: also when the call
// before has answered but not gone yet, and when a revoked request, long under
// way, comes after it.
func TestNewestOfASlot(t *testing.T) {
	const ended = "1.2 Error code: context canceled"
	for _, gone := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := serve(t, Config{Concurrency: 2})
			answering := make(chan struct{})
			d.refuse = func(h wire.Header, _ []byte) error {
				if h.Kind == wire.Response && h.Call == nth(1) {
					<-answering
				}
				return nil
			}
			d.do(nth(1), "echo x")
			d.do(wire.CallID(1, 2), "wait")
			d.want("1.2 begins")
			if gone {
				close(answering)
				d.want("1 OK x")
			}
			d.cancel(wire.CallID(1, 2), wire.CauseCanceled)
			d.want(ended)
			if !gone {
				close(answering)
				d.want("1 OK x")
			}
			d.hangup()
		})
	}
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			d := serve(t, Config{Concurrency: 2})
			d.revoked[nth(1)] = true
			d.do(wire.CallID(1, 2), "wait")
			if waits {
				d.do(nth(2), "hold")
			}
			d.do(nth(1), "echo x")
			if waits {
				d.release(nth(2))
				d.want("1.2 begins", "2 begins", "2 OK")
			} else {
				d.want("1.2 begins")
			}
			d.cancel(wire.CallID(1, 2), wire.CauseCanceled)
			d.want(ended)
			d.hangup()
		})
	}
}
