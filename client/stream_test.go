package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// streaming is a script that opens a stream for each request and calls run.
func streaming(run func(p *peer, r asked)) func(*peer) {
	return func(p *peer) {
		for {
			r, ok := p.next()
			if !ok {
				return
			}
			if r.Method != "ticks" {
				p.answer(r, `"called"`)
				continue
			}
			p.answer(r, `{"stream":3}`)
			run(p, r)
		}
	}
}

func (p *peer) item(item string) {
	p.say(`{"jsonrpc":"2.0","method":"ticks","params":{"stream":3,"item":%s}}`, item)
}

func (p *peer) finish(fault string) {
	p.say(`{"jsonrpc":"2.0","method":"ticks","params":{"stream":3,"end":true%s}}`, fault)
}

type tick struct {
	N     int           `json:"n"`
	After time.Duration `json:"after"`
}

func TestStream(t *testing.T) {
	leaks(t)
	f := serve(t, streaming(func(p *peer, r asked) {
		p.item(`{"n":1,"after":0.5,"newer":1}`)
		p.say(`{"jsonrpc":"2.0","method":"ticks","params":{"stream":4,"item":{"n":9}}}`)
		p.say(`{"jsonrpc":"2.0","method":"other","params":{"stream":3,"item":{"n":9}}}`)
		p.say(`{"jsonrpc":"2.0","id":99,"result":1}`)
		p.item(`{"n":2,"after":1}`)
		p.finish("")
	}))
	c := mustDial(t, f)
	ticks := Stream[tick](soon(t), c, "ticks", map[string]int{"every": 1})
	for range 2 { // a stream can be had again
		var got []tick
		for v, err := range ticks {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, v)
		}
		if want := []tick{{1, time.Second / 2}, {2, time.Second}}; !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
	}
	if n := f.connections(); n != 3 {
		t.Errorf("%d connections, want one for calls and one for each stream", n)
	}
	if len(c.streams) != 0 {
		t.Errorf("%d streams are left", len(c.streams))
	}
}

// yields returns how many items a stream yields, and the error at its end.
func yields[T any](t *testing.T, ctx context.Context, c *Client, method string, params any) (items int, last error) {
	t.Helper()
	for _, err := range Stream[T](ctx, c, method, params) {
		if last != nil {
			t.Errorf("something comes after the error %v", last)
		}
		if last = err; err == nil {
			items++
		}
	}
	return items, last
}

func TestStreamErrors(t *testing.T) {
	leaks(t)
	for _, test := range []struct {
		name  string
		run   func(p *peer, r asked)
		items int
		want  string
		code  int
		ends  bool // matches ErrClosed
	}{
		{"ends with an error", func(p *peer, r asked) { p.item(`{}`); p.finish(`,"error":{"code":-32400,"message":"stopping"}`) }, 1, "stopping", CodeSystem, false},
		{"an item of another type", func(p *peer, r asked) { p.item(`{"n":"x"}`); p.end() }, 0, "/n", 0, false},
		{"no daemon", func(p *peer, r asked) { p.item(`{}`); p.say("oops"); p.end() }, 1, "check the address", 0, true},
		{"an error about nothing", func(p *peer, r asked) { p.item(`{}`); p.refuse("null", CodeSystem, "too slow"); p.end() }, 1, "too slow", CodeSystem, false},
		{"connection lost", func(p *peer, r asked) { p.item(`{}`); _ = p.conn.Close() }, 1, "by the daemon", 0, true},
	} {
		c := mustDial(t, serve(t, streaming(test.run)))
		items, err := yields[tick](t, soon(t), c, "ticks", nil)
		if items != test.items || err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, ErrClosed) != test.ends {
			t.Errorf("%s: %d items, then %v", test.name, items, err)
		}
		if e, ok := errors.AsType[*Error](err); ok != (test.code != 0) || ok && e.Code != test.code {
			t.Errorf("%s: %v", test.name, err)
		}
		// Calls go on.
		if err := c.Call(soon(t), "m", nil, nil); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestStreamNotOpened(t *testing.T) {
	c := mustDial(t, serve(t, func(p *peer) {
		for {
			switch r, ok := p.next(); {
			case !ok:
				return
			case r.Method == "none":
				p.refuse(string(r.ID), CodeMethod, "Method not found")
			default:
				p.answer(r, `[1]`)
			}
		}
	}))
	_, err := yields[int](t, soon(t), c, "none", nil)
	if e, ok := errors.AsType[*Error](err); !ok || e.Code != CodeMethod {
		t.Errorf("no such method: %v", err)
	}
	if _, err := yields[int](t, soon(t), c, "ps", nil); err == nil || !strings.Contains(err.Error(), "use Call") {
		t.Errorf("no stream: %v", err)
	}
	if _, err := yields[int](t, soon(t), c, "ticks", make(chan int)); err == nil || errors.Is(err, ErrClosed) {
		t.Errorf("bad parameters: %v", err)
	}
	if len(c.streams) != 0 {
		t.Errorf("%d streams are left", len(c.streams))
	}
}

// Leaving the loop ends the stream: the daemon sees the end of the connection.
func TestStreamLeft(t *testing.T) {
	leaks(t)
	left := make(chan struct{})
	c := mustDial(t, serve(t, streaming(func(p *peer, r asked) {
		p.item(`{}`)
		p.end()
		close(left)
	})))
	for _, err := range Stream[tick](soon(t), c, "ticks", nil) {
		if err != nil {
			t.Error(err)
		}
		break
	}
	receive(t, "end of the stream", left)
}

// The end of the context counts even if more items have been received.
func TestStreamContext(t *testing.T) {
	leaks(t)
	c := mustDial(t, serve(t, streaming(func(p *peer, r asked) { severalItems(p); p.end() })))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	items := 0
	for _, err := range Stream[tick](ctx, c, "ticks", nil) {
		if err == nil {
			items++
			cancel()
			continue
		}
		if !errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) {
			t.Errorf("got %v", err)
		}
	}
	if items != 1 {
		t.Errorf("%d items", items)
	}
	if _, err := yields[tick](t, ctx, c, "ticks", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("afterwards: %v", err)
	}
	select {
	case <-c.Done():
		t.Error("the connection for calls has ended too")
	default:
	}
}

// severalItems sends items that arrive together.
func severalItems(p *peer) {
	const one = `{"jsonrpc":"2.0","method":"ticks","params":{"stream":3,"item":{}}}`
	p.say("%s", strings.Repeat(one+"\n", 9)+one)
}

func TestStreamClosed(t *testing.T) {
	leaks(t)
	c := mustDial(t, serve(t, streaming(func(p *peer, r asked) { severalItems(p); p.end() })))
	items := 0
	for _, err := range Stream[tick](soon(t), c, "ticks", nil) {
		if err == nil {
			if items++; items > 1 {
				t.Error("an item after Close")
			}
			_ = c.Close()
			continue
		}
		if !errors.Is(err, ErrClosed) || strings.Contains(err.Error(), "daemon") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := yields[tick](t, soon(t), c, "ticks", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("afterwards: %v", err)
	}
}

// While a loop's body is slow the daemon is held up, by the buffers being full,
// and a call is not.
func TestSlowStreamHoldsUpNoCall(t *testing.T) {
	leaks(t)
	const items, size = 60, 100 << 10 // more than the buffers of a socket have room for
	sent := make(chan struct{})
	c := mustDial(t, serve(t, streaming(func(p *peer, r asked) {
		text := strings.Repeat("x", size)
		for range items {
			p.item(fmt.Sprintf("%q", text))
		}
		close(sent)
		p.finish("")
	})))
	got := 0
	for v, err := range Stream[string](soon(t), c, "ticks", nil) {
		if err != nil || len(v) != size {
			t.Fatalf("%d bytes, %v", len(v), err)
		}
		if got++; got == 1 {
			for range 10 {
				if err := c.Call(soon(t), "m", nil, nil); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case <-sent:
				t.Fatal("everything was read ahead")
			default:
			}
		}
	}
	if got != items {
		t.Errorf("%d items", got)
	}
}
