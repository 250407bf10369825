package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

type bad struct{}

func (bad) MarshalJSON() ([]byte, error) { panic("cannot be written") }

func count(m map[string]int, name string) int {
	m[name]++
	return m[name]
}

// touchy is a type that cannot be read without a panic.
type touchy struct{}

func (*touchy) UnmarshalText([]byte) error { panic("do not touch") }

// What a method does wrong is its caller's error only.
func TestFaults(t *testing.T) {
	var panicked []string
	method := func(name string, fn func() (any, error)) rpc.Method {
		return rpc.Typed(name, "", rpc.None, func(context.Context, none) (any, error) { return fn() })
	}
	r := newRegistry(t, rpc.Options{
		Fault: func(_ context.Context, err error) *rpc.Error {
			if errors.Is(err, fs.ErrNotExist) {
				return &rpc.Error{Code: 404, Message: "not there: " + err.Error()}
			}
			return nil
		},
		Panicked: func(method string, value any, stack []byte) {
			panicked = append(panicked, fmt.Sprint(method, ": ", value))
			if !strings.Contains(string(stack), "_test.go") {
				t.Errorf("the stack of %s does not lead to the panic:\n%s", method, stack)
			}
		},
	},
		method("own", func() (any, error) {
			return nil, fmt.Errorf("wrapped: %w", &rpc.Error{Code: 7, Message: "seven", Data: map[string]int{"b": 2, "a": 1}})
		}),
		method("zero", func() (any, error) { return nil, &rpc.Error{Message: "without a code"} }),
		method("data", func() (any, error) { return nil, &rpc.Error{Code: 8, Message: "eight", Data: make(chan int)} }),
		method("mapped", func() (any, error) { return nil, fmt.Errorf("x.conf: %w", fs.ErrNotExist) }),
		method("crash", func() (any, error) { return count(nil, "x"), nil }),
		method("unwritable", func() (any, error) { return bad{}, nil }),
		method("number", func() (any, error) { return map[string]any{"load": []float64{0, math.NaN()}}, nil }),
		rpc.Typed("touch", "", rpc.None, func(context.Context, touchy) (int, error) { return 0, nil }),
		method("badly", func() (any, error) { return nil, &rpc.Error{Code: 9, Data: bad{}} }),
		method("large", func() (any, error) {
			return nil, &rpc.Error{Code: 10, Message: strings.Repeat("x", 1<<20), Data: strings.Repeat("x", 32<<20)}
		}),
		method("text", func() (any, error) { return "a\xffb", errors.New("c\xffd") }),
	)
	for _, c := range []struct{ name, want string }{
		{"fail", `{"code":-32500,"message":"out of luck"}`},
		{"own", `{"code":7,"message":"seven","data":{"a":1,"b":2}}`},
		{"zero", `{"code":-32500,"message":"without a code"}`},
		{"data", `{"code":8,"message":"eight"}`},
		{"mapped", `{"code":404,"message":"not there: x.conf: file does not exist"}`},
		{"panic", `{"code":-32603,"message":"Internal error: panic panicked: at the disco"}`},
		{"crash", `{"code":-32603,"message":"Internal error: crash panicked: assignment to entry in nil map"}`},
		{"unwritable", `{"code":-32603,"message":"Internal error: unwritable panicked: cannot be written"}`},
		{"badly", `{"code":-32603,"message":"Internal error: badly panicked: cannot be written"}`},
		{"large", `{"code":10,"message":"` + strings.Repeat("x", 64<<10) + `…"}`},
		{"number", `{"code":-32603,"message":"Internal error: the result of number cannot be sent: at /load/1: float64: unsupported value: NaN"}`},
		{"text", `{"code":-32500,"message":"c�d"}`},
	} {
		got := string(r.JSON(t.Context(), []byte(`{"jsonrpc":"2.0","method":"`+c.name+`","id":1}`)))
		if want := `{"jsonrpc":"2.0","error":` + c.want + `,"id":1}`; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, want)
		}
	}
	want := "panic: at the disco; crash: assignment to entry in nil map; unwritable: cannot be written; badly: cannot be written"
	if got := strings.Join(panicked, "; "); got != want {
		t.Error(got)
	}
	if a := call(t, r, "touch", `["x"]`); a.message() != "Internal error: touch panicked: do not touch" {
		t.Error(a.message())
	}
}

// A method that ends its goroutine ends no other, and its caller has an
// answer.
func TestGoexit(t *testing.T) {
	type item struct{}
	r := newRegistry(t, rpc.Options{},
		rpc.Typed("leave", "", rpc.None, func(context.Context, none) (int, error) { runtime.Goexit(); return 0, nil }),
		rpc.Streamed("trickle", "", rpc.None, func(context.Context, none, func(item) error) error { runtime.Goexit(); return nil }))
	const want = `{"code":-32603,"message":"Internal error: leave ended its goroutine"}`
	request := []byte(`[{"jsonrpc":"2.0","method":"leave","id":1},{"jsonrpc":"2.0","method":"nothing","id":2}]`)
	answer := `[{"jsonrpc":"2.0","error":` + want + `,"id":1},{"jsonrpc":"2.0","result":true,"id":2}]`
	if got := string(r.JSON(t.Context(), request)); got != answer {
		t.Error(got)
	}
	lines := make(chan string, 10)
	s := r.NewSession(t.Context(), func(line []byte) error { lines <- string(line); return nil })
	defer s.Close()
	if got := string(s.Handle(request)); got != answer {
		t.Error(got)
	}
	s.Handle([]byte(`{"jsonrpc":"2.0","method":"trickle","id":3}`))
	for _, want := range []string{
		`{"jsonrpc":"2.0","result":{"stream":1},"id":3}`,
		`{"jsonrpc":"2.0","method":"trickle","params":{"stream":1,"end":true,"error":{"code":-32603,"message":"Internal error: trickle ended its goroutine"}}}`,
	} {
		if got := <-lines; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	run, err := r.Open(t.Context(), "trickle", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := run(func([]byte) error { return nil }); err == nil || err.Error() != "Internal error: trickle ended its goroutine (-32603)" {
		t.Error(err)
	}
}
