package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Large texts are taken apart one at a time, with as much time for others
// between them; small ones wait for none.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := make(turn, 1)
		begin := time.Now()
		var mu sync.Mutex
		var began []string
		take := func(what string, n int, fn func()) {
			if err := turn.take(t.Context(), n, func() {
				mu.Lock()
				began = append(began, fmt.Sprint(what, " ", time.Since(begin)))
				mu.Unlock()
				fn()
			}); err != nil {
				t.Error(err)
			}
		}
		for range 3 {
			go take("large", large+1, func() { time.Sleep(time.Second) })
			synctest.Wait()
		}
		take("small", large, func() {})
		func() {
			defer func() { _ = recover() }()
			take("panic", large+1, func() { time.Sleep(time.Second); panic("") })
		}()
		take("last", large+1, func() {})
		if want := "[large 0s small 0s large 2s large 4s panic 6s last 8s]"; fmt.Sprint(began) != want {
			t.Errorf("%v, not %v", began, want)
		}
	})
}

// While one large request is taken apart, another one waits, unless its caller
// goes; small ones are answered.
func TestTurnOfRequests(t *testing.T) {
	long := strings.Repeat(" ", large)
	for protocol, texts := range map[string][3]string{
		"json": {`{"jsonrpc":"2.0","id":1,"method":"system.listMethods"}`, `"result"`, `"not run: enough"`},
		"xml":  {`<methodCall><methodName>system.listMethods</methodName></methodCall>`, "<array>", "not run: enough"},
	} {
		synctest.Test(t, func(t *testing.T) {
			r := New(Options{})
			ctx, cancel := context.WithCancelCause(WithCaller(t.Context(), Caller{Role: Admin}))
			answer := func(text string) string {
				if protocol == "xml" {
					return string(r.XML(ctx, []byte(text)))
				}
				return string(r.JSON(ctx, []byte(text)))
			}
			r.turn <- struct{}{}
			answered := ""
			go func() { answered = answer(texts[0] + long) }()
			synctest.Wait()
			if small := answer(texts[0]); answered != "" || !strings.Contains(small, texts[1]) {
				t.Errorf("%s: %q before its turn, %q", protocol, answered, small)
			}
			<-r.turn
			synctest.Wait()
			if !strings.Contains(answered, texts[1]) {
				t.Errorf("%s: %q", protocol, answered)
			}
			r.turn <- struct{}{}
			go func() { answered = answer(texts[0] + long) }()
			synctest.Wait()
			cancel(errors.New("enough"))
			synctest.Wait()
			if !strings.Contains(answered, texts[2]) {
				t.Errorf("%s: %q", protocol, answered)
			}
		})
	}
}
