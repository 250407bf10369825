package pool

import (
	"context"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// deaf is a worker that logs, again and again, and takes in
// nothing of what is sent to it.
func deaf(conn link.Conn) error {
	hello := wire.Hello{Version: wire.Version}
	for _, name := range testFuncs {
		hello.Funcs = append(hello.Funcs, wire.FuncInfo{Name: name})
	}
	err := conn.Send(wire.Header{Kind: wire.Ready}, wire.AppendHello(nil, hello))
	for ; err == nil; time.Sleep(time.Millisecond) {
		err = conn.Send(wire.Header{Kind: wire.Log}, nil)
	}
	return nil
}

// A caller gets away from a worker that does not take in its argument, whatever
// the worker says: when its context ends, and when its time is over. So does
// one with a small argument, who stands behind it.
func TestDeafWorker(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		for _, timeout := range []time.Duration{0, 100 * time.Millisecond} {
			p := start(t, Config{Min: 1, Max: 1, Concurrency: 2, Queue: 8, Timeout: timeout}, launchGoroutines("deaf", tr, 64<<20))
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan Kind, 2)
			do := func(size int) {
				c := NewCall()
				c.Func, c.Payload = returning, make([]byte, size)
				p.Do(ctx, c)
				ended <- c.Kind
			}
			go do(8 << 20)
			m := p.running()[0]
			for end := time.Now().Add(guard); m.sending.Load() == 0; time.Sleep(time.Millisecond) {
				if time.Now().After(end) {
					t.Fatal("nothing is sent")
				}
			}
			go do(10)
			want := Timeout
			if timeout == 0 {
				for p.Summary().Running < 2 {
					time.Sleep(time.Millisecond)
				}
				cancel()
				want = Canceled
			}
			for range 2 {
				if kind := await(t, ended); kind != want {
					t.Errorf("a call ended as %v, want %v", kind, want)
				}
			}
			cancel()
			p.Stop(0)
		}
	})
}
