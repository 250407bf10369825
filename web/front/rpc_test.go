package front

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/legion-go/legion"
)

// A request and its answer are passed on as they are.
func TestPassedOn(t *testing.T) {
	f := newFake(t)
	f.results["pool.scale"] = func(string) string { return `"result":{"calls":18446744073709551615,"text":"<b>é</b>"}` }
	f.results["func.call"] = func(string) string { return `"error":{"code":-32500,"message":"no","data":{"stack":"here"}}` }
	f.results["null"] = func(string) string { return `"result":null` }
	l := local(t, f, legion.RoleOperate)
	secret := begin(t, l.front, l.token()).Secret
	f.heard()
	for _, c := range []struct{ request, heard, answer string }{
		{`{"jsonrpc":"2.0","id":1,"method":"pool.scale","params":{"pool":"thumb","max":9007199254740993}}`, `pool.scale {"pool":"thumb","max":9007199254740993}`,
			`{"jsonrpc":"2.0","id":1,"result":{"calls":18446744073709551615,"text":"\u003cb\u003eé\u003c/b\u003e"}}`},
		{`{"jsonrpc":"2.0","id":"a","method":"pool.scale","params":[1,"x"]}`, `pool.scale [1,"x"]`, `{"jsonrpc":"2.0","id":"a","result":{"calls":18446744073709551615,"text":"\u003cb\u003eé\u003c/b\u003e"}}`},
		{`{"jsonrpc":"2.0","id":2,"method":"null"}`, `null`, `{"jsonrpc":"2.0","id":2,"result":null}`},
		{`{"jsonrpc":"2.0","id":2,"method":"null","params":null}`, `null`, `{"jsonrpc":"2.0","id":2,"result":null}`},
		{`{"jsonrpc":"2.0","id":3,"method":"func.call","params":{}}`, `func.call {}`, `{"jsonrpc":"2.0","id":3,"error":{"code":-32500,"message":"no","data":{"stack":"here"}}}`},
	} {
		w := ask(l.front, request("POST", "/rpc", secret, c.request))
		called, lowered := f.heard()
		if w.Code != 200 || w.Body.String() != c.answer || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v\n%s, want\n%s", c.request, w.Code, w.Header(), w.Body, c.answer)
		}
		if fmt.Sprint(called) != "["+c.heard+"]" || len(lowered) > 0 {
			t.Errorf("the daemon heard %q, want %q, and %d connections more", called, c.heard, len(lowered))
		}
	}
}

// What is not one request is refused, and so is what would change the front's
// connection.
func TestNotPassedOn(t *testing.T) {
	f := newFake(t)
	f.results["log.follow"] = func(string) string { return `"result":{"stream":3}` }
	f.results["rpc.cancel"] = func(string) string { return `"result":true` }
	l := local(t, f, legion.RoleRead)
	secret := begin(t, l.front, l.token()).Secret
	f.heard()
	for _, body := range []string{
		"", "x", "null", "1", "[]", `[{"jsonrpc":"2.0","id":1,"method":"x"}]`, `{"jsonrpc":"2.0","method":"x"}`, `{"jsonrpc":"2.0","id":null,"method":"x"}`,
		`{"jsonrpc":"1.0","id":1,"method":"x"}`, `{"jsonrpc":"2.0","id":1}`, `{"jsonrpc":"2.0","id":1,"method":"x"}{}`,
		`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":1,"a":2}}`, "{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"x\"}", `{"jsonrpc":"2.0","id":1,"id":2,"method":"x"}`,
	} {
		r := request("POST", "/rpc", secret, body)
		r.Header.Set("Content-Type", "application/json")
		expect(t, body, ask(l.front, r), 400, "JSON-RPC 2.0")
	}
	expect(t, "params", ask(l.front, request("POST", "/rpc", secret, `{"jsonrpc":"2.0","id":1,"method":"x","params":3}`)), 400, "an object or an array")
	for _, body := range []string{"x", "[]", "1", "null", `{"topics":`, `{"topics":["pools"],"topics":["logs"]}`, "{\"pool\":\"\xff\"}"} {
		expect(t, "watch "+body, ask(l.front, request("POST", "/watch", secret, body)), 400, "parameters")
	}
	for _, method := range []string{"rpc.auth", "rpc.lower", "rpc.cancel", "system.multicall"} {
		expect(t, method, call(l.front, secret, method, `{"token":"x"}`), 200, `"code":-32601`)
	}
	if called, _ := f.heard(); len(called) > 0 {
		t.Errorf("it was passed on: %q", called)
	}
	expect(t, "log.follow", call(l.front, secret, "log.follow", `{}`), 200, "POST watch")
	if called, _ := f.heard(); fmt.Sprint(called) != `[log.follow {} rpc.cancel {"stream":3}]` {
		t.Errorf("of a method that streams, the daemon heard %q", called)
	}
}

func TestBodiesAreBounded(t *testing.T) {
	l := local(t, newFake(t), legion.RoleRead)
	secret := begin(t, l.front, l.token()).Secret
	for _, path := range []string{"/session", "/rpc", "/watch"} {
		expect(t, path, ask(l.front, request("POST", path, secret, strings.Repeat(" ", maxBody+1))), http.StatusRequestEntityTooLarge, "1048576")
	}
	expect(t, "the largest", call(l.front, secret, "x", `{"x":"`+strings.Repeat("x", maxBody-100)+`"}`), 200, "Method not found")
}

// A slow call holds up no other one, and one that the page gave up goes on.
func TestSlowCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		finish := make(chan struct{})
		f.results["slow"] = func(string) string { <-finish; return `"result":"slow"` }
		f.results["fast"] = func(string) string { return `"result":"fast"` }
		l := local(t, f, legion.RoleRead)
		secret := begin(t, l.front, l.token()).Secret

		ctx, giveUp := context.WithCancel(context.Background())
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			ask(l.front, request("POST", "/rpc", secret, `{"jsonrpc":"2.0","id":1,"method":"slow"}`).WithContext(ctx))
		}()
		synctest.Wait()
		for range 2 {
			expect(t, "a call beside it", call(l.front, secret, "fast", "{}"), 200, `"fast"`)
		}
		giveUp()
		<-gone
		expect(t, "a call after it was given up", call(l.front, secret, "fast", "{}"), 200, `"fast"`)
		if _, lowered := f.heard(); len(lowered) != 4 {
			t.Errorf("%d connections, want that of the session and one for each call that would have waited", len(lowered))
		}
		close(finish)
		synctest.Wait()
		expect(t, "a call after its end", call(l.front, secret, "fast", "{}"), 200, `"fast"`)
		if _, lowered := f.heard(); len(lowered) != 0 {
			t.Error("the session's connection is not used again")
		}
	})
}

// After the daemon has gone the front says so, and connects by itself to the
// next one, with the rights of the session and no more.
func TestReconnect(t *testing.T) {
	f := newFake(t)
	l := local(t, f, legion.RoleOperate)
	secret := begin(t, l.front, l.token()).Secret
	f.heard()
	for range 3 {
		stream := open(t, l.front, secret)
		f.stop()
		for line := range stream.lines {
			if !strings.HasPrefix(line, `{"end":true,"error":"`) {
				t.Errorf("a stream of a daemon that has gone ends with %q", line)
			}
		}
		expect(t, "a call", call(l.front, secret, "x", "{}"), http.StatusBadGateway, "") // whether it has seen the end, or dials
		expect(t, "a stream", ask(l.front, request("POST", "/watch", secret, "{}")), http.StatusBadGateway, "away")
		f.start()
		f.heard()
		expect(t, "a call to the next one", call(l.front, secret, "x", "{}"), 200, "Method not found")
		if _, lowered := f.heard(); fmt.Sprint(lowered) != `[{"as":"dashboard","role":"operate"}]` {
			t.Errorf("connections were lowered to %q", lowered)
		}
	}
}

// A daemon without a control socket cannot be reached, and the front says why.
func TestNoControl(t *testing.T) {
	l := newLocal(nowhere{}, at, LocalOptions{})
	expect(t, "a session", ask(l.front, request("POST", "/session", "", fmt.Sprintf(`{"token":%q}`, l.token()))), http.StatusBadGateway, "control = none")
}

type nowhere struct{}

func (nowhere) ControlAddresses() ([]string, error) { return nil, nil }

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":[1]}}`, `[]`, `{"id":{},"jsonrpc":"2.0","method":"","params":3}`, ` {`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := parse(body)
		if err != nil {
			return
		}
		if request.Method == "" || !json.Valid(request.ID) || len(request.Params) > 0 && !json.Valid(request.Params) {
			t.Errorf("%q is taken for %+v", body, request)
		}
	})
}

func FuzzBegunStream(f *testing.F) {
	for _, seed := range []string{`{"stream":1}`, `{"stream":"a"}`, `{"stream":1,"x":2}`, `null`, `{"stream":-1}`, `{"stream":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, result []byte) {
		if stream, yes := begunStream(result); yes {
			var n uint64
			var v float64
			if json.Unmarshal(stream, &n) != nil && json.Unmarshal(stream, &v) != nil {
				t.Errorf("%q begins the stream %q", result, stream)
			}
		}
	})
}
