package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestCall(t *testing.T) {
	leaks(t)
	f := serve(t, answering(func(r asked) string { return strings.TrimSpace(r.line) }))
	c := mustDial(t, f)
	for _, test := range []struct {
		params any
		want   string // of the request's params
	}{
		{nil, ""},
		{(*int)(nil), ""},
		{map[string]any(nil), "{}"},
		{[]string(nil), "[]"},
		{struct {
			Every time.Duration `json:"every"`
			Data  []byte        `json:"data"`
		}{1500 * time.Millisecond, []byte("hi")}, `{"every":1.5,"data":"aGk="}`},
		{map[string]int{"b": 2, "a": 1}, `{"a":1,"b":2}`},
		{[]any{1, "x", nil}, `[1,"x",null]`},
		{"ä\n", `["ä\n"]`},
		{7, "[7]"},
		{time.Minute, "[60]"},
		{json.RawMessage("{\n \"a\": 1\n}"), `{"a":1}`},
	} {
		var got struct {
			JSONRPC string          `json:"jsonrpc"`
			Method  string          `json:"method"`
			Params  json.RawMessage `json:"params"`
		}
		if err := c.Call(soon(t), "echo", test.params, &got); err != nil {
			t.Errorf("%#v: %v", test.params, err)
			continue
		}
		if got.JSONRPC != "2.0" || got.Method != "echo" || string(got.Params) != test.want {
			t.Errorf("%#v: the daemon was sent %+v with %s, want %s", test.params, got, got.Params, test.want)
		}
	}
	if n := f.connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestCallResult(t *testing.T) {
	c := mustDial(t, serve(t, answering(func(r asked) string {
		return `{"uptime":"1m30s","started":"2026-01-02T03:04:05Z","newer":true,"n":9007199254740993}`
	})))
	var status struct {
		Uptime  time.Duration `json:"uptime"`
		Started time.Time     `json:"started"`
		N       int64         `json:"n"`
	}
	if err := c.Call(soon(t), "daemon.status", nil, &status); err != nil {
		t.Fatal(err)
	}
	if status.Uptime != 90*time.Second || status.Started.Unix() != 1767323045 || status.N != 1<<53+1 {
		t.Errorf("got %+v", status)
	}
	var raw json.RawMessage
	if err := c.Call(soon(t), "daemon.status", nil, &raw); err != nil || !strings.Contains(string(raw), `"newer":true`) {
		t.Errorf("raw: %s, %v", raw, err)
	}
	if err := c.Call(soon(t), "daemon.status", nil, nil); err != nil {
		t.Error(err)
	}
	var wrong struct {
		Uptime []int `json:"uptime"`
	}
	err := c.Call(soon(t), "daemon.status", nil, &wrong)
	if err == nil || !strings.Contains(err.Error(), "daemon.status") || !strings.Contains(err.Error(), "/uptime") || errors.Is(err, ErrClosed) {
		t.Errorf("a result of another type: %v", err)
	}
	if err := c.Call(soon(t), "daemon.status", nil, status); err == nil {
		t.Error("a result that is no pointer is no error")
	}
}

func TestCallRefusesWhatCannotBeSent(t *testing.T) {
	c := mustDial(t, serve(t, answering(func(asked) string { return "1" })))
	for _, params := range []any{make(chan int), struct{ F func() }{}, json.RawMessage("{"), json.RawMessage(`{} {}`)} {
		if err := c.Call(soon(t), "m", params, nil); err == nil || errors.Is(err, ErrClosed) {
			t.Errorf("%T: %v", params, err)
		}
	}
	if err := c.Call(soon(t), "bad\xff", nil, nil); err == nil {
		t.Error("a name that is not UTF-8 is no error")
	}
	if err := c.Call(soon(t), "m\"},\n{", nil, nil); err != nil {
		t.Errorf("an odd name: %v", err)
	}
}

func TestCallError(t *testing.T) {
	c := mustDial(t, serve(t, func(p *peer) {
		for {
			r, ok := p.next()
			if !ok {
				return
			}
			p.refuse(string(r.ID), CodeParams, "size: expected an integer")
		}
	}))
	err := c.Call(soon(t), "pool.scale", nil, nil)
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Code != CodeParams || e.Message != "size: expected an integer" || string(e.Data) != `{"more":1}` {
		t.Fatalf("got %#v", err)
	}
	if e.Error() != "size: expected an integer (-32602)" {
		t.Errorf("its text is %q", e)
	}
}

// An error without an id answers the oldest request, since the daemon takes
// them in order.
func TestCallRefusedWithoutID(t *testing.T) {
	second := make(chan struct{})
	c := mustDial(t, serve(t, func(p *peer) {
		r1, _ := p.next()
		close(second)
		r2, _ := p.next()
		p.refuse("null", CodeRequest, "too large")
		p.answer(r2, string(r1.ID))
		p.refuse("null", CodeSystem, "connections enough")
	}))
	first := make(chan error)
	go func() { first <- c.Call(soon(t), "large", nil, nil) }()
	receive(t, "first call", second)
	var id int
	if err := c.Call(soon(t), "small", nil, &id); err != nil || id != 2 {
		t.Errorf("the second call: %d, %v", id, err)
	}
	if e, ok := errors.AsType[*Error](receive(t, "answer", first)); !ok || e.Message != "too large" {
		t.Errorf("the first call: %v", e)
	}
	receive(t, "end", c.Done())
	err := c.Call(soon(t), "late", nil, nil)
	if e, ok := errors.AsType[*Error](err); !errors.Is(err, ErrClosed) || !ok || e.Code != CodeSystem {
		t.Errorf("after the end: %v", err)
	}
}

// A context that ends while the daemon works leaves the connection usable, and
// the late answer is dropped.
func TestCallContext(t *testing.T) {
	leaks(t)
	arrived, late := make(chan struct{}), make(chan struct{})
	c := mustDial(t, serve(t, func(p *peer) {
		r, _ := p.next()
		close(arrived)
		<-late
		p.answer(r, `"late"`)
		r, _ = p.next()
		p.answer(r, `"mine"`)
	}))
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	if err := c.Call(ctx, "slow", nil, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	for range 20 {
		if err := c.Call(ctx, "never", nil, nil); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "not called") {
			t.Fatalf("with a context that has ended: %v", err)
		}
	}
	close(late)
	var got string
	if err := c.Call(soon(t), "quick", nil, &got); err != nil || got != "mine" {
		t.Fatalf("got %q, %v", got, err)
	}
}

// A daemon that reads nothing holds up no call longer than its context; a
// half-written call is written to its end.
func TestCallDaemonDoesNotRead(t *testing.T) {
	leaks(t)
	read := make(chan struct{})
	c := mustDial(t, serve(t, func(p *peer) {
		p.welcome(asked{ID: json.RawMessage("1")})
		<-read
		_, _ = p.in.ReadString('\n')
		answering(func(r asked) string { return fmt.Sprint(len(r.line)) })(p)
	}))
	large := strings.Repeat("x", 8<<20)
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error)
	go func() { first <- c.Call(ctx, "large", large, nil) }()
	for { // until the first one is being written
		c.mu.Lock()
		n := len(c.calls)
		c.mu.Unlock()
		if n > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	queued := make(chan error)
	go func() { queued <- c.Call(ctx, "small", nil, nil) }()
	for len(c.slots) < 2 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	for _, call := range []chan error{first, queued} {
		if err := receive(t, "end of a call", call); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
	close(read)
	if err := c.Call(soon(t), "again", nil, nil); err != nil {
		t.Error(err)
	}
	if n := len(c.slots); n != 0 {
		t.Errorf("%d slots are not given back", n)
	}
}

// Calls whose caller waits no longer take up room until they are answered, and
// their number is bounded.
func TestCallsUnderWayAreBounded(t *testing.T) {
	leaks(t)
	answer := make(chan struct{})
	c := mustDial(t, serve(t, func(p *peer) {
		var all []asked
		for range maxCalls {
			r, ok := p.next()
			if !ok {
				return
			}
			all = append(all, r)
		}
		<-answer
		for _, r := range all {
			p.answer(r, "1")
		}
		answering(func(asked) string { return "2" })(p)
	}))
	for range maxCalls {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		before := len(c.slots)
		go func() { done <- c.Call(ctx, "m", nil, nil) }()
		for written := false; !written; time.Sleep(10 * time.Microsecond) {
			c.mu.Lock()
			written = len(c.calls) > before
			c.mu.Unlock()
		}
		cancel()
		if err := receive(t, "end of the call", done); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := c.Call(ctx, "one too many", nil, nil); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "1024") {
		t.Fatalf("got %v", err)
	}
	close(answer)
	var got int
	if err := c.Call(soon(t), "m", nil, &got); err != nil || got != 2 {
		t.Fatalf("got %d, %v", got, err)
	}
}

// Messages of a daemon that belong to no request are ignored.
func TestCallHostileChatter(t *testing.T) {
	c := mustDial(t, serve(t, func(p *peer) {
		for {
			r, ok := p.next()
			if !ok {
				return
			}
			p.say(`{"jsonrpc":"2.0","id":99999,"result":"no"}`)
			p.say(`{"jsonrpc":"2.0","id":"1","result":"no"}`)
			p.say(`{"jsonrpc":"2.0","id":1.0,"result":"no"}`)
			p.say(`{"jsonrpc":"2.0","id":-1,"result":"no"}`)
			p.say(`{"jsonrpc":"2.0","id":null,"result":"no"}`)
			p.say(`{"jsonrpc":"2.0","id":0,"result":"no"}`)
			p.say(`{"jsonrpc":"2.0","id":%s,"method":"client.do"}`, r.ID)
			p.say(`{"jsonrpc":"2.0","method":"log.follow","params":{"stream":1,"item":"no"}}`)
			p.answer(r, `"yes"`)
			p.answer(r, `"twice"`)
		}
	}))
	for range 3 {
		var got string
		if err := c.Call(soon(t), "m", nil, &got); err != nil || got != "yes" {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

func TestCallWhatIsNoDaemon(t *testing.T) {
	for _, said := range []string{
		"HTTP/1.1 400 Bad Request", "", "{", "[]", "null", "7", `{"id":1,"result":2}`, `{"jsonrpc":"1.0","id":1,"result":2}`,
		`{"jsonrpc":"2.0","id":1}`, `{"jsonrpc":"2.0","id":1,"id":1,"result":2}`, `{"jsonrpc":"2.0","id":1,"result":2} x`,
		`{"jsonrpc":"2.0","ID":1,"Result":2}`, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"\xff\"}", `{"jsonrpc":"2.0","id":1,"error":"no"}`,
		strings.Repeat("[", 100000),
	} {
		c := mustDial(t, serve(t, func(p *peer) {
			_, _ = p.next()
			p.say("%s", said)
			p.end()
		}))
		err := c.Call(soon(t), "m", nil, nil)
		if !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "check the address") || len(err.Error()) > 1000 {
			t.Errorf("%.60q: %v", said, err)
		}
	}
}

func TestCallsConcurrently(t *testing.T) {
	leaks(t)
	c := mustDial(t, serve(t, answering(func(r asked) string { return string(r.Params) })))
	var tasks sync.WaitGroup
	for i := range 50 {
		tasks.Go(func() {
			for j := range 20 {
				var got []int
				if err := c.Call(soon(t), "echo", []int{i, j}, &got); err != nil || got[0] != i || got[1] != j {
					t.Errorf("%d %d: got %v, %v", i, j, got, err)
				}
			}
		})
	}
	tasks.Wait()
	if len(c.slots) != 0 || len(c.calls) != 0 {
		t.Errorf("%d slots and %d calls are left", len(c.slots), len(c.calls))
	}
}

func TestClose(t *testing.T) {
	leaks(t)
	arrived := make(chan struct{})
	c := mustDial(t, serve(t, func(p *peer) {
		_, _ = p.next()
		close(arrived)
		p.end()
	}))
	ended := make(chan error)
	go func() { ended <- c.Call(context.Background(), "slow", nil, nil) }()
	receive(t, "call", arrived)
	select {
	case <-c.Done():
		t.Error("done before it was closed")
	default:
	}
	var closing sync.WaitGroup
	for range 3 {
		closing.Go(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			select {
			case <-c.Done():
			default:
				t.Error("closed, and not done")
			}
		})
	}
	closing.Wait()
	if err := receive(t, "end of the call", ended); !errors.Is(err, ErrClosed) || strings.Contains(err.Error(), "by the daemon") {
		t.Errorf("got %v", err)
	}
	if err := c.Call(context.Background(), "m", nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
}

// slowConn takes its time to see that it is closed.
type slowConn struct {
	net.Conn
	ended atomic.Bool
}

func (c *slowConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		for range 10000 {
			runtime.Gosched()
		}
		c.ended.Store(true)
	}
	return n, err
}

func TestCloseWaits(t *testing.T) {
	f := serve(t, (*peer).end)
	slow := &slowConn{}
	c, err := Dial(soon(t), f.address, Options{DialContext: func(ctx context.Context, network, where string) (_ net.Conn, err error) {
		slow.Conn, err = new(net.Dialer).DialContext(ctx, network, where)
		return slow, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if !slow.ended.Load() {
		t.Error("Close returned while the connection was still being read")
	}
}

// A daemon that answers and goes, as to daemon.stop, has answered.
func TestDaemonGoes(t *testing.T) {
	ended := &Client{done: make(chan struct{}), err: ErrClosed}
	close(ended.done)
	for range 50 {
		last := &call{answers: make(chan []message, 1)}
		last.answers <- []message{{}}
		if _, err := ended.await(context.Background(), last); err != nil {
			t.Fatalf("the last answer: %v", err)
		}
	}
	for range 50 {
		c := mustDial(t, serve(t, func(p *peer) {
			r, _ := p.next()
			p.answer(r, "true")
		}))
		var stopped bool
		if err := c.Call(soon(t), "daemon.stop", nil, &stopped); err != nil || !stopped {
			t.Fatalf("got %v, %v", stopped, err)
		}
		receive(t, "end", c.Done())
		if err := c.Call(soon(t), "m", nil, nil); !errors.Is(err, ErrClosed) {
			t.Fatalf("afterwards: %v", err)
		}
	}
	cut := mustDial(t, serve(t, func(p *peer) {
		_, _ = p.next()
		_, _ = p.conn.Write([]byte(`{"jsonrpc":"2.0","id":1,"result":1}`)) // and no newline
	}))
	if err := cut.Call(soon(t), "m", nil, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("half an answer: %v", err)
	}
}

func TestOverTCP(t *testing.T) {
	leaks(t)
	f := serveAt(t, "tcp", "127.0.0.1:0", answering(func(asked) string { return "1" }))
	c := mustDial(t, f)
	if err := c.Call(soon(t), "m", nil, nil); err != nil {
		t.Error(err)
	}
	f.stop()
	_, err := Dial(soon(t), f.address, Options{})
	if e, ok := errors.AsType[*NotRunningError](err); !ok || e.Address != f.address {
		t.Errorf("got %v", err)
	}
	if _, err := Dial(soon(t), "tcp://127.0.0.1:0", Options{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, os.ErrPermission
	}}); err == nil {
		t.Error("no error")
	} else if _, ok := errors.AsType[*PermissionError](err); ok {
		t.Errorf("over TCP the system does not say which user may: %v", err)
	}
}
