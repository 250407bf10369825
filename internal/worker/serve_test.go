package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// Each kind of end of a function is reported correctly; then no part of the
// call continues, and the worker serves the next call.
func TestEndsOfCalls(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1") // so that recover returns nil for it, as without a panic
	exited := "Panic the function ended its goroutine (runtime.Goexit, or t.FailNow outside its test)"
	large := strings.Repeat("x", 100)
	for _, c := range []struct {
		fn   int
		in   string
		want []string
	}{
		{doFunc, "echo a b", []string{"1 OK a b"}},
		{doFunc, "fail", []string{"1 begins", "1 Error code: it failed"}},
		{doFunc, "refuse", []string{"1 begins", "1 Refused code: not run: bad argument"}},
		{doFunc, "panic", []string{"1 begins", "1 Panic boom"}},
		{doFunc, "panic-with", []string{"1 begins", "1 Panic panic with a value of type worker.unprintable that cannot be printed"}},
		{doFunc, "panic-nil", []string{"1 begins", "1 Panic <nil>"}},
		{doFunc, "exit", []string{"1 begins", "1 " + exited}},
		{doFunc, "exit-panic", []string{"1 begins", "1 Panic boom"}},
		{doFunc, "panic-exit", []string{"1 begins", "1 " + exited}},
		{doFunc, "echo " + large, []string{"1 Refused code: the result does not fit: payload of 100 bytes exceeds the limit of 99 bytes; raise Pool.MaxPayload, or stream it"}},
		{doFunc, "echo broken", []string{"1 Refused code: no memory"}},
		{doFunc, "echo late", nil},
		{streamFunc, "", []string{"1 End"}},
		{streamFunc, "a,b,", []string{"1 item a", "1 item b", "1 End"}},
		{streamFunc, "a,fail", []string{"1 item a", "1 begins", "1 Error code: it failed"}},
		{streamFunc, "a,refuse", []string{"1 item a", "1 begins", "1 Refused code: not run: bad argument"}},
		{streamFunc, "a,panic", []string{"1 item a", "1 begins", "1 Panic boom"}},
		{streamFunc, "a,exit", []string{"1 item a", "1 begins", "1 " + exited}},
		{streamFunc, "a,exit-panic", []string{"1 item a", "1 begins", "1 Panic boom"}},
		{streamFunc, "a,broken,b,", []string{"1 item a", "1 emit: no memory", "1 Error code: no memory"}},
	} {
		t.Run(c.in[:min(len(c.in), 12)], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var of context.Context
				keep := func(ctx context.Context, state any, in []byte, buf *[]byte) ([]byte, error) {
					of = ctx
					return nil, nil
				}
				d := serve(t, Config{Funcs: []Func{{Name: "keep", Call: keep}}})
				d.refuse = func(_ wire.Header, payload []byte) error {
					switch string(payload) {
					case large:
						return &wire.TooLarge{Size: 100, Limit: 99}
					case "broken":
						return errors.New("no memory")
					case "late":
						return fmt.Errorf("sending: %w", link.ErrClosed)
					}
					return nil
				}
				d.request(nth(1), c.fn, c.in)
				d.want(c.want...)
				d.wantBusy(0)
				d.do(nth(1), "echo next")
				d.want("1 OK next")
				d.request(nth(1), ownFunc, "")
				d.want("1 OK")
				if of.Err() != context.Canceled {
					t.Errorf("after its end the context of a call says %v", of.Err())
				}
				if n := d.tally.Calls.Load(); n != 3 {
					t.Errorf("%d calls were counted, not 3", n)
				}
				d.hangup()
			})
		})
	}
}

// A panic is reported with its place.
func TestStackOfAPanic(t *testing.T) {
	for _, in := range []string{"panic", "panic-with", "exit"} {
		synctest.Test(t, func(t *testing.T) {
			d := serve(t, Config{})
			d.refuse = func(h wire.Header, payload []byte) error {
				f, err := wire.DecodeFault(payload)
				if err != nil || !strings.Contains(f.Stack, "worker.(*desk).call(") {
					t.Errorf("%s: %v %+v", in, err, f)
				}
				return link.ErrClosed
			}
			d.do(nth(1), in)
			d.hangup()
		})
	}
}

// As many functions run as allowed; the others wait and begin in order of
// arrival; revoked requests are silently skipped, wherever they are in the
// queue; a function that ends its goroutine frees its place.
func TestOrderAndConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{Concurrency: 2})
		for i := range 2 {
			d.do(nth(i+1), "hold")
		}
		for i := range 6 {
			d.do(nth(i+3), "hold")
		}
		d.want("1 begins", "2 begins")
		d.wantBusy(2)
		d.revoked[nth(4)], d.revoked[nth(5)] = true, true
		d.release(nth(2))
		d.want("2 OK", "3 begins")
		d.release(nth(1))
		d.want("1 OK", "6 begins")
		d.wantBusy(2)
		d.do(nth(9), "exit")
		d.do(nth(10), "exit")
		d.do(nth(11), "hold")
		d.release(nth(6))
		d.want("6 OK", "7 begins")
		d.release(nth(3))
		d.want("3 OK", "8 begins")
		d.release(nth(7))
		exit := " Panic the function ended its goroutine (runtime.Goexit, or t.FailNow outside its test)"
		d.want("7 OK", "9 begins", "9"+exit, "10 begins", "10"+exit, "11 begins")
		d.wantBusy(2)
		d.release(nth(8))
		d.want("8 OK")
		d.wantBusy(1)
		d.do(nth(12), "hold")
		d.do(nth(13), "echo x")
		d.want("12 begins") // 13 waits again
		d.release(nth(11))
		d.release(nth(12))
		d.want("11 OK", "13 OK x", "12 OK")
		if n := d.tally.Calls.Load(); n != 11 {
			t.Errorf("%d calls were counted, not 11", n)
		}
		d.hangup()
	})
}

// A worker that is told to stop finishes running, waiting and arriving calls;
// then it exits.
func TestStopFinishes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{})
		d.do(nth(1), "hold")
		d.do(nth(2), "hold")
		d.tell(wire.Stop)
		d.tell(wire.Stop)
		d.want("1 begins")
		d.release(nth(1))
		d.want("1 OK", "2 begins")
		d.do(nth(3), "echo x")
		d.release(nth(2))
		d.want("2 OK", "3 OK x", "closed")
		d.wantOver(nil)
	})
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{})
		d.do(nth(1), "echo x")
		d.want("1 OK x") // the end of a call does not end a worker
		d.tell(wire.Stop)
		d.want("closed")
		d.wantOver(nil)
	})
}

// A Stop that has overtaken requests on the way lets them arrive, and be
// answered.
func TestStopBeforeItsRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{})
		d.do(nth(1), "echo x")
		d.want("1 OK x")
		d.give(link.Frame{Header: wire.Header{Kind: wire.Stop, Call: 3}})
		d.want()
		d.do(nth(2), "echo y")
		d.want("2 OK y")
		d.do(nth(3), "echo z")
		d.want("3 OK z", "closed")
		d.wantOver(nil)
	})
}

// When the link ends, running calls are cancelled and awaited, and waiting
// calls do not begin.
func TestEndOfTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{Concurrency: 3})
		d.do(nth(1), "wait")
		d.do(nth(2), "hold")
		d.request(nth(200), streamFunc, strings.Repeat("x,", wire.StreamItems+1))
		d.do(nth(4), "hold")
		close(d.frames)
		synctest.Wait()
		select {
		case err := <-d.over:
			t.Errorf("Serve returned %v while a function runs", err)
		default:
		}
		d.release(nth(2))
		d.wantOver(io.EOF)
		said := strings.Join(d.said, ", ")
		for _, want := range []string{"1 Error code: context canceled", "2 OK", "200 emit: context canceled"} {
			if !strings.Contains(said, want) {
				t.Errorf("the worker did not send %q: %s", want, said)
			}
		}
		if strings.Contains(said, "4 ") {
			t.Errorf("a call began after the end of the link: %s", said)
		}
	})
}

// The worker's hello has its process id and its functions.
func TestHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		var hello wire.Hello
		d.refuse = func(h wire.Header, payload []byte) (err error) {
			hello, err = wire.DecodeHello(payload)
			return err
		}
		d.begin(Config{Funcs: []Func{{Name: "third", Hash: 7, Call: d.call}}})
		d.want("ready")
		want := []wire.FuncInfo{{Name: "do"}, {Name: "stream", Stream: true}, {Name: "third", Hash: 7}}
		if hello.Version != wire.Version || hello.PID != uint32(os.Getpid()) || fmt.Sprint(hello.Funcs) != fmt.Sprint(want) {
			t.Errorf("%+v", hello)
		}
		d.hangup()
	})
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.refuse = func(wire.Header, []byte) error { return errFailed }
		d.begin(Config{Loop: func(context.Context) error { t.Error("the loop runs"); return nil }})
		d.wantOver(errFailed)
		d.want()
	})
}

// A frame that the daemon may not send ends the link.
func TestFramesOutOfPlace(t *testing.T) {
	frames := map[string]link.Frame{
		"function 3 of 3 was called": {Header: wire.Header{Kind: wire.Request, Code: ownFunc + 1}},
		"credit of 3 bytes":          {Header: wire.Header{Kind: wire.Credit}, Payload: []byte("abc")},
	}
	for k := wire.Kind(1); k.Valid(); k++ {
		if !k.ToWorker() {
			frames["the daemon may not send "+k.String()] = link.Frame{Header: wire.Header{Kind: k}}
		}
	}
	for want, f := range frames {
		synctest.Test(t, func(t *testing.T) {
			d := serve(t, Config{Funcs: []Func{{Name: "last", Call: func(context.Context, any, []byte, *[]byte) ([]byte, error) { return nil, nil }}}})
			d.request(nth(1), ownFunc, "")
			d.want("1 OK")
			d.give(f)
			select {
			case err := <-d.over:
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v, not %q", err, want)
				}
			default:
				t.Errorf("no %q", want)
			}
		})
	}
}

// The function sees its deadline to the nanosecond, and the daemon ends the
// call.
func TestDeadlineOfACall(t *testing.T) {
	for _, timeout := range []time.Duration{0, 1, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			began, of := time.Now(), context.Context(nil)
			d := serve(t, Config{Funcs: []Func{{Name: "wait", Call: func(ctx context.Context, _ any, _ []byte, _ *[]byte) ([]byte, error) {
				of = ctx
				<-ctx.Done()
				return nil, ctx.Err()
			}}}})
			d.give(link.Frame{Header: wire.Header{Kind: wire.Request, Call: nth(1), Code: ownFunc, Timeout: timeout}})
			if at, ok := of.Deadline(); ok != (timeout > 0) || ok && at.Sub(began) != timeout {
				t.Errorf("timeout %v: deadline in %v, %v", timeout, at.Sub(began), ok)
			}
			time.Sleep(2 * timeout)
			d.want()
			d.cancel(nth(1), wire.CauseTimeout)
			d.want("1 Error code: context deadline exceeded")
			d.hangup()
		})
	}
}

// Pings and stack requests are answered in other goroutines: while the link has
// no room for the answers, the worker still takes frames.
func TestAnswersWaitAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := serve(t, Config{})
		full := make(chan struct{})
		d.refuse = func(wire.Header, []byte) error { <-full; return nil }
		d.do(nth(1), "wait")
		d.tell(wire.Ping)
		d.tell(wire.Stacks)
		d.cancel(nth(1), wire.CauseCanceled)
		d.want("1 begins")
		close(full)
		synctest.Wait()
		said := strings.Join(d.said, ", ")
		for _, want := range []string{"Pong", "Stack", "1 Error code: context canceled"} {
			if strings.Count(said, want) != 1 {
				t.Errorf("the worker did not send %s once: %s", want, said)
			}
		}
		d.hangup()
	})
}
