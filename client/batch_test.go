package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// batches answers each line as a daemon does: a list for a list, nothing for a
// notification, and refuses lists of more than three.
func batches(lines chan<- string) func(*peer) {
	return func(p *peer) {
		r, _ := p.next() // skips daemon.hello
		for line := r.line; ; {
			lines <- strings.TrimSpace(line)
			var list []asked
			if json.Unmarshal([]byte(line), &list) != nil {
				var one asked
				_ = json.Unmarshal([]byte(line), &one)
				if one.ID != nil {
					p.answer(one, `"alone"`)
				}
			} else if len(list) > 3 {
				p.refuse("null", CodeSystem, "a batch has 3 requests at most")
			} else {
				var answers []string
				for i := len(list) - 1; i >= 0; i-- { // in any order
					switch a := list[i]; a.Method {
					case "fails":
						answers = append(answers, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":-32500,"message":"it fails"}}`, a.ID))
					case "forgotten":
					default:
						answers = append(answers, fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%q}`, a.ID, a.Method))
					}
				}
				p.say("[%s]", strings.Join(answers, ","))
			}
			var err error
			if line, err = p.in.ReadString('\n'); err != nil {
				return
			}
		}
	}
}

func TestBatch(t *testing.T) {
	leaks(t)
	lines := make(chan string, 100)
	c := mustDial(t, serve(t, batches(lines)))
	var first, last string
	var number int
	requests := []*Request{
		{Method: "first", Params: []int{1}, Result: &first}, {Method: "fails"}, {Method: "last", Result: &last},
	}
	call := func(requests ...*Request) error { return c.Batch(soon(t), requests...) }
	if err := c.Call(soon(t), "hello", nil, nil); err != nil {
		t.Fatal(err)
	}
	<-lines
	if err := call(requests...); err != nil {
		t.Fatal(err)
	}
	if got := <-lines; got != `[{"jsonrpc":"2.0","id":3,"method":"first","params":[1]},{"jsonrpc":"2.0","id":4,"method":"fails"},{"jsonrpc":"2.0","id":5,"method":"last"}]` {
		t.Errorf("the daemon was sent %s", got)
	}
	var fault *Error
	if first != "first" || last != "last" || requests[0].Err != nil || !errors.As(requests[1].Err, &fault) || fault.Message != "it fails" || requests[2].Err != nil {
		t.Errorf("%q %q %v %v %v", first, last, requests[0].Err, requests[1].Err, requests[2].Err)
	}
	bad := []*Request{{Method: "first", Result: &number}, {Method: "forgotten"}}
	if err := call(bad...); err != nil || bad[0].Err == nil || bad[1].Err == nil {
		t.Errorf("%v: a result of another type: %v, one without an answer: %v", err, bad[0].Err, bad[1].Err)
	}
	if err := call(&Request{Method: "a"}, &Request{Method: "b"}, &Request{Method: "c"}, &Request{Method: "d"}); !errors.As(err, &fault) || fault.Code != CodeSystem {
		t.Errorf("too many: %v", err)
	}
	if err := call(&Request{Method: "m", Params: make(chan int)}); err == nil {
		t.Error("parameters that cannot be sent are no error")
	}
	if err := call(); err != nil {
		t.Error(err)
	}
	var alone string
	if err := c.Call(soon(t), "after", nil, &alone); err != nil || alone != "alone" {
		t.Errorf("a call after that: %q %v", alone, err)
	}
	_ = c.Close()
	if err := call(&Request{Method: "a"}); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestNotify(t *testing.T) {
	leaks(t)
	lines := make(chan string, 100)
	c := mustDial(t, serve(t, batches(lines)))
	for range 2000 { // more than there may be calls without an answer
		if err := c.Notify(soon(t), "note", []int{1}); err != nil {
			t.Fatal(err)
		}
		if got := <-lines; got != `{"jsonrpc":"2.0","method":"note","params":[1]}` {
			t.Fatalf("the daemon was sent %s", got)
		}
	}
	if err := c.Call(soon(t), "after", nil, nil); err != nil {
		t.Error(err)
	}
	_ = c.Close()
	if err := c.Notify(soon(t), "note", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
