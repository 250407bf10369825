package rpc_test

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/rpc"
)

// admin is a context in which everything is allowed.
func admin(t testing.TB) context.Context {
	return rpc.WithCaller(t.Context(), rpc.Caller{Name: "test", Role: rpc.Admin, Via: "here"})
}

type none = struct{}

type pair struct {
	Minuend    int `json:"minuend"`
	Subtrahend int `json:"subtrahend"`
}

type shape struct {
	Name  string             `json:"name"`
	Sides int8               `json:"sides" usage:"how many"`
	Every time.Duration      `json:"every,omitzero"`
	Tag   *string            `json:"tag"`
	Inner map[string][]point `json:"inner,omitempty"`
}

type point struct{ X, Y float64 }

// newRegistry returns a registry with some methods for all kinds of tests.
func newRegistry(t testing.TB, o rpc.Options, more ...rpc.Method) *rpc.Registry {
	r := rpc.New(o)
	methods := []rpc.Method{
		rpc.Typed("subtract", "Subtracts.", rpc.None, func(_ context.Context, p pair) (int, error) { return p.Minuend - p.Subtrahend, nil }),
		rpc.Typed("echo", "Says the same.", rpc.None, func(_ context.Context, v jsontext.Value) (jsontext.Value, error) { return v, nil }),
		rpc.Typed("any", "Says the same, as Go values.", rpc.None, func(_ context.Context, v any) (any, error) { return v, nil }),
		rpc.Typed("shape", "Says the same shape.", rpc.None, func(_ context.Context, s shape) (shape, error) { return s, nil }),
		rpc.Typed("nothing", "Takes nothing.", rpc.None, func(context.Context, none) (bool, error) { return true, nil }),
		rpc.Typed("days", "Takes a number.", rpc.None, func(_ context.Context, days int) (int, error) { return days, nil }),
		rpc.Typed("fail", "Fails.", rpc.None, func(context.Context, none) (int, error) { return 0, errors.New("out of luck") }),
		rpc.Typed("panic", "Panics.", rpc.None, func(context.Context, none) (int, error) { panic("at the disco") }),
	}
	for _, m := range append(methods, more...) {
		if err := r.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// answer is an answer to a request, or a notification of a stream.
type answer struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *struct {
		Code    int
		Message string
		Data    json.RawMessage
	} `json:"error"`
}

// read reads an answer, which must be one.
func read(t testing.TB, data []byte) (a answer) {
	t.Helper()
	if err := json.Unmarshal(data, &a); err != nil || a.JSONRPC != "2.0" {
		t.Fatalf("this is no answer: %.200q (%v)", data, err)
	}
	if a.Method == "" && (a.Error == nil) == (a.Result == nil) {
		t.Fatalf("an answer has a result or an error: %s", data)
	}
	return a
}

// code is the code of an answer's error, 0 without one.
func (a answer) code() int {
	if a.Error == nil {
		return 0
	}
	return a.Error.Code
}

func (a answer) message() string {
	if a.Error == nil {
		return ""
	}
	return a.Error.Message
}

// call calls a method with parameters as JSON.
func call(t testing.TB, r *rpc.Registry, method, params string) answer {
	t.Helper()
	return read(t, r.JSON(admin(t), []byte(`{"jsonrpc":"2.0","method":"`+method+`","params":`+params+`,"id":1}`)))
}

// elementsOf yields the answers in the answer to a batch, or the one answer.
func elementsOf(t testing.TB, response []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if response[0] != '[' {
			yield(response)
			return
		}
		var list []json.RawMessage
		if err := json.Unmarshal(response, &list); err != nil {
			t.Fatalf("%.200q: %v", response, err)
		}
		for _, one := range list {
			if !yield(one) {
				return
			}
		}
	}
}

// compact writes JSON with the same escapes and without white space.
func compact(t testing.TB, text []byte) []byte {
	value := jsontext.Value(text).Clone()
	if err := value.Format(); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return value
}
