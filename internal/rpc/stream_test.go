package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion/internal/rpc"
)

// counting is a stream that sends 1, 2, 3 and so on, up to a number, and says
// how far it came.
func counting(sent *atomic.Int64) rpc.Method {
	return rpc.Streamed("count", "Counts.", rpc.Read, func(ctx context.Context, to int, send func(int) error) error {
		for i := 1; i <= to; i++ {
			if err := send(i); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	})
}

// waiting is a stream that waits for its context.
func waiting() rpc.Method {
	return rpc.Streamed("wait", "Waits.", rpc.Read, func(ctx context.Context, _ none, _ func(int) error) error {
		<-ctx.Done()
		return ctx.Err()
	})
}

// client is the other end of a session: what is written to it comes out of
// lines.
type client struct {
	t       *testing.T
	session *rpc.Session
	lines   chan string
	gone    chan struct{} // closed: writing fails
}

func connect(t *testing.T, ctx context.Context, r *rpc.Registry) *client {
	c := &client{t: t, lines: make(chan string), gone: make(chan struct{})}
	c.session = r.NewSession(ctx, func(line []byte) error {
		select {
		case c.lines <- string(line):
			return nil
		case <-c.gone:
			return io.ErrClosedPipe
		}
	})
	return c
}

// say sends a line, and passes on what Handle returns as whoever owns a
// connection does.
func (c *client) say(request string) {
	go func() {
		if response := c.session.Handle([]byte(request)); response != nil {
			select {
			case c.lines <- string(response):
			case <-c.gone:
			}
		}
	}()
}

func (c *client) expect(want ...string) {
	c.t.Helper()
	for _, w := range want {
		if got := <-c.lines; got != w {
			c.t.Fatalf("got  %s\nwant %s", got, w)
		}
	}
}

func (c *client) close() {
	close(c.gone)
	c.session.Close()
}

func item(stream, value int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","method":"count","params":{"stream":%d,"item":%d}}`, stream, value)
}

// The answer comes first, then the items in order, then the end; while the
// client does not read, the stream waits.
func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		c := connect(t, admin(t), newRegistry(t, rpc.Options{}, counting(&sent)))
		defer c.close()
		c.say(`{"jsonrpc":"2.0","method":"count","params":[1000],"id":"a"}`)
		synctest.Wait()
		if n := sent.Load(); n != 0 {
			t.Errorf("%d items went out before the answer was read", n)
		}
		c.expect(`{"jsonrpc":"2.0","result":{"stream":1},"id":"a"}`)
		for i := 1; i <= 1000; i++ {
			synctest.Wait()
			if n := sent.Load(); n != int64(i)-1 {
				t.Fatalf("%d items went out when %d had been read", n, i-1)
			}
			c.expect(item(1, i))
		}
		c.expect(`{"jsonrpc":"2.0","method":"count","params":{"stream":1,"end":true}}`)
	})
}

// Other requests are answered while a stream runs, and streams run beside each
// other.
func TestStreamsBesideRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, admin(t), newRegistry(t, rpc.Options{}, waiting()))
		defer c.close()
		c.say(`[{"jsonrpc":"2.0","method":"wait","id":1},{"jsonrpc":"2.0","method":"nothing","id":2},{"jsonrpc":"2.0","method":"wait","id":3}]`)
		c.expect(`[{"jsonrpc":"2.0","result":{"stream":1},"id":1},{"jsonrpc":"2.0","result":true,"id":2},{"jsonrpc":"2.0","result":{"stream":2},"id":3}]`)
		c.say(`{"jsonrpc":"2.0","method":"system.multicall","params":[[{"methodName":"wait"},{"methodName":"days","params":[3]}]],"id":4}`)
		c.expect(`{"jsonrpc":"2.0","result":[[{"stream":3}],[3]],"id":4}`)
		c.say(`{"jsonrpc":"2.0","method":"nothing","id":5}`)
		c.expect(`{"jsonrpc":"2.0","result":true,"id":5}`)
		c.say(`{"jsonrpc":"2.0","method":"rpc.cancel","params":{"stream":2}}`) // a notification
		c.expect(`{"jsonrpc":"2.0","method":"wait","params":{"stream":2,"end":true}}`)
	})
}

func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		c := connect(t, admin(t), newRegistry(t, rpc.Options{}, counting(&sent)))
		defer c.close()
		c.say(`{"jsonrpc":"2.0","method":"count","params":[1000],"id":1}`)
		c.expect(`{"jsonrpc":"2.0","result":{"stream":1},"id":1}`, item(1, 1))
		synctest.Wait() // the second item waits to be read
		c.say(`{"jsonrpc":"2.0","method":"rpc.cancel","params":[1],"id":2}`)
		synctest.Wait()    // it has been handled
		var lines []string // the item that was on its way, the answer and the end, in some order
		for range 3 {
			lines = append(lines, <-c.lines)
		}
		all := strings.Join(lines, "\n")
		for _, want := range []string{item(1, 2), `{"jsonrpc":"2.0","result":true,"id":2}`, `{"jsonrpc":"2.0","method":"count","params":{"stream":1,"end":true}}`} {
			if !strings.Contains(all, want) {
				t.Errorf("%s is not in\n%s", want, all)
			}
		}
		c.say(`{"jsonrpc":"2.0","method":"rpc.cancel","params":[1],"id":3}`)
		c.expect(`{"jsonrpc":"2.0","result":false,"id":3}`)
		c.say(`{"jsonrpc":"2.0","method":"rpc.cancel","params":["1"],"id":4}`)
		c.expect(`{"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params: parameter \"stream\": expected an integer that is not negative, got a string"},"id":4}`)
	})
}

// An error, a panic and an item that cannot be written end a stream with the
// error.
func TestStreamFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stream := func(name string, fn func(send func(any) error) error) rpc.Method {
			return rpc.Streamed(name, "", rpc.Read, func(_ context.Context, _ none, send func(any) error) error { return fn(send) })
		}
		r := newRegistry(t, rpc.Options{Limits: rpc.Limits{Result: 100}},
			stream("dry", func(func(any) error) error { return errors.New("nothing there") }),
			stream("burst", func(func(any) error) error { panic("burst") }),
			stream("foul", func(send func(any) error) error { return send(func() {}) }),
			stream("flood", func(send func(any) error) error { return send(strings.Repeat("x", 100)) }),
			rpc.Encoded[none, string]("text", "", rpc.Read, func(_ context.Context, _ none, send func([]byte) error) error {
				return send([]byte(`"` + strings.Repeat("x", 99) + `"`))
			}),
		)
		c := connect(t, admin(t), r)
		defer c.close()
		for i, row := range []struct{ name, want string }{
			{"dry", `{"code":-32500,"message":"nothing there"}`},
			{"burst", `{"code":-32603,"message":"Internal error: burst panicked: burst"}`},
			{"foul", `{"code":-32603,"message":"Internal error: the result of foul cannot be sent: func(): it has no JSON form"}`},
			{"text", `{"code":-32400,"message":"the result of text has 101 bytes; 100 can be sent: ask for less"}`},
			{"flood", `{"code":-32400,"message":"the result of flood has 102 bytes; 100 can be sent: ask for less"}`},
		} {
			c.say(`{"jsonrpc":"2.0","method":"` + row.name + `","id":1}`)
			c.expect(fmt.Sprintf(`{"jsonrpc":"2.0","result":{"stream":%d},"id":1}`, i+1),
				fmt.Sprintf(`{"jsonrpc":"2.0","method":"%s","params":{"stream":%d,"end":true,"error":%s}}`, row.name, i+1, row.want))
		}
	})
}

// What is encoded already is sent as it is, and described as what it is.
func TestEncoded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := rpc.Encoded[none, int]("count", "Counts.", rpc.Read, func(_ context.Context, _ none, send func([]byte) error) error {
			return send([]byte("17"))
		})
		if m.Out != reflect.TypeFor[int]() {
			t.Errorf("it sends a %v", m.Out)
		}
		c := connect(t, admin(t), newRegistry(t, rpc.Options{}, m))
		defer c.close()
		c.say(`{"jsonrpc":"2.0","method":"count","id":1}`)
		c.expect(`{"jsonrpc":"2.0","result":{"stream":1},"id":1}`, item(1, 17), `{"jsonrpc":"2.0","method":"count","params":{"stream":1,"end":true}}`)
	})
}

func TestStreamLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, admin(t), newRegistry(t, rpc.Options{Limits: rpc.Limits{Streams: 2}}, waiting()))
		defer c.close()
		for i := 1; i <= 2; i++ {
			c.say(`{"jsonrpc":"2.0","method":"wait","id":1}`)
			c.expect(fmt.Sprintf(`{"jsonrpc":"2.0","result":{"stream":%d},"id":1}`, i))
		}
		c.say(`{"jsonrpc":"2.0","method":"wait","id":1}`)
		c.expect(`{"jsonrpc":"2.0","error":{"code":-32400,"message":"a connection has 2 streams at most: cancel one with rpc.cancel"},"id":1}`)
		c.say(`{"jsonrpc":"2.0","method":"rpc.cancel","params":[1]}`)
		c.expect(`{"jsonrpc":"2.0","method":"wait","params":{"stream":1,"end":true}}`)
		c.say(`{"jsonrpc":"2.0","method":"wait","id":1}`)
		c.expect(`{"jsonrpc":"2.0","result":{"stream":3},"id":1}`)
	})
}

// A stream counts until its last line is written, wherever its request stood; a
// result that reads like the answer to such a request does not.
func TestStreamsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, admin(t), newRegistry(t, rpc.Options{}, waiting()))
		count := func(want int) {
			t.Helper()
			synctest.Wait()
			if got := c.session.Streams(); got != want {
				t.Errorf("%d streams, not %d", got, want)
			}
		}
		c.say(`{"jsonrpc":"2.0","method":"echo","params":[{"stream":1}],"id":1}`)
		c.expect(`{"jsonrpc":"2.0","result":{"stream":1},"id":1}`)
		count(0)
		c.say(`[{"jsonrpc":"2.0","method":"wait","id":1},{"jsonrpc":"2.0","method":"system.multicall","params":[[{"methodName":"wait"}]],"id":2}]`)
		count(2)
		c.expect(`[{"jsonrpc":"2.0","result":{"stream":1},"id":1},{"jsonrpc":"2.0","result":[[{"stream":2}]],"id":2}]`)
		count(2)
		c.say(`{"jsonrpc":"2.0","method":"rpc.cancel","params":{"stream":2}}`)
		count(2) // its last line waits for a reader
		c.expect(`{"jsonrpc":"2.0","method":"wait","params":{"stream":2,"end":true}}`)
		count(1)
		c.close()
		count(0)
	})
}

// Close ends requests and streams, waits for them, and nothing is written any
// more; then nothing runs any more.
func TestSessionClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int64
		leave := make(chan struct{})
		r := newRegistry(t, rpc.Options{}, rpc.Streamed("slow", "", rpc.Read, func(ctx context.Context, _ none, send func(int) error) error {
			<-ctx.Done()
			<-leave
			if send(1) == nil {
				t.Error("an item can be sent after the end")
			}
			ended.Add(1)
			return nil
		}))
		c := connect(t, admin(t), r)
		for i := 1; i <= 2; i++ {
			c.say(`{"jsonrpc":"2.0","method":"slow","id":1}`)
			c.expect(fmt.Sprintf(`{"jsonrpc":"2.0","result":{"stream":%d},"id":1}`, i))
		}
		synctest.Wait() // both run
		var closed atomic.Bool
		go func() {
			c.session.Close()
			closed.Store(true)
		}()
		synctest.Wait()
		if closed.Load() {
			t.Error("Close did not wait")
		}
		close(leave)
		synctest.Wait()
		if !closed.Load() || ended.Load() != 2 {
			t.Errorf("closed: %v, ended: %d", closed.Load(), ended.Load())
		}
		got := read(t, c.session.Handle([]byte(`{"jsonrpc":"2.0","method":"slow","id":1}`)))
		if got.code() != rpc.CodeSystem {
			t.Errorf("a closed session answers %s %s", got.Result, got.message())
		}
		c.close() // once more does no harm
	})
}

// When writing fails the stream ends, also when it fails for the answer
// already.
func TestStreamWithoutReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int64
		r := newRegistry(t, rpc.Options{}, counting(&sent))
		for _, working := range []int64{0, 1, 5} {
			writes := atomic.Int64{}
			s := r.NewSession(admin(t), func([]byte) error {
				if writes.Add(1) > working {
					return io.ErrClosedPipe
				}
				return nil
			})
			sent.Store(0)
			if response := s.Handle([]byte(`{"jsonrpc":"2.0","method":"count","params":[1000],"id":1}`)); response != nil {
				t.Errorf("Handle wrote the answer and returns it: %s", response)
			}
			synctest.Wait()
			if want := max(0, working-1); sent.Load() != want {
				t.Errorf("%d lines could be written, %d items were sent", working, sent.Load())
			}
			s.Close()
		}
	})
}

// A stream needs an id, and a session.
func TestStreamElsewhere(t *testing.T) {
	var sent atomic.Int64
	r := newRegistry(t, rpc.Options{}, counting(&sent))
	a := call(t, r, "count", `[1]`)
	if want := "Invalid Request: count is a stream: call it on a connection of the line protocol, or GET /stream/count"; a.code() != rpc.CodeRequest || a.message() != want {
		t.Errorf("%d %s", a.code(), a.message())
	}
	s := r.NewSession(admin(t), func(line []byte) error { t.Errorf("%s", line); return nil })
	if response := s.Handle([]byte(`{"jsonrpc":"2.0","method":"count","params":[1]}`)); response != nil {
		t.Errorf("%s", response)
	}
	s.Close()
	if sent.Load() != 0 {
		t.Error("the stream ran")
	}
}

func TestAuth(t *testing.T) {
	var records []rpc.Record
	r := newRegistry(t, rpc.Options{
		Audit: func(rec rpc.Record) { records = append(records, rec) },
		Authenticate: func(token string) (rpc.Caller, bool) {
			return rpc.Caller{Name: "token deploy", Role: rpc.Operate}, token == "secret"
		},
	}, rpc.Typed("who", "", rpc.None, func(ctx context.Context, _ none) (string, error) {
		c := rpc.CallerOf(ctx)
		return fmt.Sprint(c.Name, " ", c.Role, " ", c.Via), nil
	}), rpc.Typed("work", "", rpc.Operate, func(context.Context, none) (bool, error) { return true, nil }))
	s := r.NewSession(rpc.WithCaller(t.Context(), rpc.Caller{Name: "127.0.0.1", Via: "tcp"}), func([]byte) error { return nil })
	defer s.Close()
	for _, step := range []struct{ request, want string }{
		{`{"jsonrpc":"2.0","method":"work","id":1}`, `"error":{"code":-32001,"message":"not allowed: work needs the role operate, yours is none (127.0.0.1)"}`},
		{`{"jsonrpc":"2.0","method":"rpc.auth","params":{"token":"guess"},"id":1}`, `"error":{"code":-32001,"message":"not allowed: this token is unknown"}`},
		{`{"jsonrpc":"2.0","method":"who","id":1}`, `"result":"127.0.0.1 none tcp"`},
		{`[{"jsonrpc":"2.0","method":"rpc.auth","params":["secret"],"id":1},{"jsonrpc":"2.0","method":"work","id":2}]`, `"result":{"name":"token deploy","role":"operate"}`},
		{`{"jsonrpc":"2.0","method":"who","id":1}`, `"result":"token deploy operate tcp"`},
		{`{"jsonrpc":"2.0","method":"rpc.auth","params":["guess"],"id":1}`, `-32001`},
		{`{"jsonrpc":"2.0","method":"work","id":1}`, `"result":true`},
	} {
		if got := string(s.Handle([]byte(step.request))); !strings.Contains(got, step.want) {
			t.Errorf("%s\ngot  %s\nwant %s", step.request, got, step.want)
		}
	}
	if c := s.Caller(); c.Name != "token deploy" || c.Role != rpc.Operate {
		t.Errorf("%+v", c)
	}
	refused := 0
	for _, rec := range records {
		if rec.Refused {
			refused++
		}
		if strings.Contains(fmt.Sprintf("%+v", rec), "guess") || strings.Contains(string(rec.Params), "guess") || strings.Contains(string(rec.Params), "secret") {
			t.Errorf("a token is in the audit log: %+v", rec)
		}
	}
	if refused != 3 {
		t.Errorf("%d refusals: %+v", refused, records)
	}
	without := newRegistry(t, rpc.Options{}).NewSession(t.Context(), nil)
	defer without.Close()
	if a := read(t, without.Handle([]byte(`{"jsonrpc":"2.0","method":"rpc.auth","params":["x"],"id":1}`))); a.code() != rpc.CodeRole {
		t.Errorf("a registry without tokens: %s %s", a.Result, a.message())
	}
}

// Requests of a session run one at a time, in whichever goroutines they come.
func TestOneAtATime(t *testing.T) {
	var running, together atomic.Int64
	r := newRegistry(t, rpc.Options{}, rpc.Typed("hold", "", rpc.None, func(context.Context, none) (bool, error) {
		if running.Add(1) > 1 {
			together.Add(1)
		}
		for range 1000 {
			runtime.Gosched() // the others may come
		}
		running.Add(-1)
		return true, nil
	}))
	s := r.NewSession(admin(t), nil)
	defer s.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { s.Handle([]byte(`{"jsonrpc":"2.0","method":"hold","id":1}`)) })
	}
	all.Wait()
	if n := together.Load(); n > 0 {
		t.Errorf("%d requests ran beside another", n)
	}
}
