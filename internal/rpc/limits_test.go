package rpc_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// allocated returns how many bytes are allocated while fn runs.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Requests that are made to hurt get one fixed error each, cost little memory,
// and nothing of them is run.
func TestHostileRequests(t *testing.T) {
	ran := 0
	count := rpc.Typed("count", "", rpc.None, func(context.Context, none) (int, error) { ran++; return ran, nil })
	small := newRegistry(t, rpc.Options{}, count)
	large := newRegistry(t, rpc.Options{Limits: rpc.Limits{Request: 64 << 20}}, count)
	one := `{"jsonrpc":"2.0","method":"count","id":1}`
	names := make([]string, 200_000)
	for i := range names {
		names[i] = fmt.Sprintf(`"%d":0`, i)
	}
	for _, c := range []struct {
		name    string
		r       *rpc.Registry
		request string
		code    int
		message string
		memory  uint64
	}{
		{"10 MB of [", small, strings.Repeat("[", 10_000_000), -32400, "the request has 10000000 bytes; 4194304 are allowed", 64 << 10},
		{"10 MB of [ where that is allowed", large, strings.Repeat("[", 10_000_000), -32600, "Invalid Request: nested deeper than 64 values", 64 << 10},
		{"10 MB of {\"a\":", large, strings.Repeat(`{"a":`, 2_000_000), -32600, "Invalid Request: nested deeper than 64 values", 64 << 10},
		{"a batch of 100,000", large, "[" + strings.Repeat(one+",", 99_999) + one + "]", -32400, "a batch has 100 requests at most: this one was not run", 64 << 10},
		{"a batch of 101", small, "[" + strings.Repeat(one+",", 100) + one + "]", -32400, "a batch has 100 requests at most: this one was not run", 64 << 10},
		{"a batch of 500,000 zeros", small, "[" + strings.Repeat("0,", 500_000) + "0]", -32400, "a batch has 100 requests at most: this one was not run", 64 << 10},
		{"a broken batch", large, "[" + strings.Repeat(one+",", 99), -32700, "Parse error", 1 << 20},
		{"a broken batch that is too long", large, "[" + strings.Repeat(one+",", 99_999), -32400, "a batch has 100 requests at most: this one was not run", 64 << 10},
		{"a batch of 101 that goes on with 10 MB of [", large, "[" + strings.Repeat(one+",", 100) + strings.Repeat("[", 10_000_000),
			-32400, "a batch has 100 requests at most: this one was not run", 64 << 10},
		{"a batch whose 100th request is broken", small, "[" + strings.Repeat(one+",", 99) + "{]", -32700, "Parse error", 1 << 20},
		{"a multicall of 500,000", small, `{"jsonrpc":"2.0","method":"system.multicall","params":[[` + strings.Repeat(`{},`, 500_000) + `{}]],"id":1}`,
			-32400, "system.multicall has 100 calls at most: none was run", 16 << 20},
		{"500,000 parameters", small, `{"jsonrpc":"2.0","method":"count","params":[` + strings.Repeat("0,", 500_000) + `0],"id":1}`,
			-32602, "Invalid params: too many parameters: count takes none", 1 << 20},
		{"200,000 parameters by name", small, `{"jsonrpc":"2.0","method":"count","params":{` + strings.Join(names, ",") + `},"id":1}`,
			-32602, `Invalid params: there is no parameter "0": count takes none`, 64 << 20},
		{"an odd name", small, `{"jsonrpc":"2.0","method":"count","params":{"` + strings.Repeat("ä", 1_000_000) + `":1},"id":1}`,
			-32602, `Invalid params: there is no parameter "` + strings.Repeat("ä", 100) + `…": count takes none`, 32 << 20},
	} {
		request := []byte(c.request)
		var response []byte
		used := allocated(func() { response = c.r.JSON(admin(t), request) })
		a := read(t, response)
		if a.code() != c.code || a.message() != c.message {
			t.Errorf("%s: %d %q", c.name, a.code(), a.message())
		}
		if used > c.memory {
			t.Errorf("%s: %d bytes were allocated, more than %d", c.name, used, c.memory)
		}
		t.Logf("%s: %d KiB of request, %d KiB allocated", c.name, len(request)>>10, used>>10)
	}
	if ran != 0 {
		t.Errorf("a method ran %d times", ran)
	}
}

// A limit holds exactly.
func TestDepth(t *testing.T) {
	r := newRegistry(t, rpc.Options{Limits: rpc.Limits{Depth: 10}})
	for depth, want := range map[int]int{8: 0, 9: rpc.CodeRequest} { // the request and its params are two
		params := "[" + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "]"
		if got := call(t, r, "echo", params).code(); got != want {
			t.Errorf("%d: %d, want %d", depth, got, want)
		}
	}
}

func TestBatchAtItsLimit(t *testing.T) {
	r := newRegistry(t, rpc.Options{Limits: rpc.Limits{Batch: 3}})
	one := `{"jsonrpc":"2.0","method":"nothing","id":1}`
	n := 0
	for response := range elementsOf(t, r.JSON(t.Context(), []byte("["+one+","+one+","+one+"]"))) {
		if a := read(t, response); a.code() != 0 {
			t.Errorf("%s", response)
		}
		n++
	}
	if n != 3 {
		t.Errorf("%d answers", n)
	}
}

// A result that is too large is an error; so are the answers to a batch that
// together are, while notifications run.
func TestResults(t *testing.T) {
	ran := 0
	r := newRegistry(t, rpc.Options{Limits: rpc.Limits{Result: 1000}},
		rpc.Typed("text", "", rpc.None, func(_ context.Context, n int) (string, error) { ran++; return strings.Repeat("x", n), nil }))
	if a := call(t, r, "text", "[998]"); a.code() != 0 {
		t.Errorf("998: %s", a.message())
	}
	if a := call(t, r, "text", "[999]"); a.code() != rpc.CodeSystem || a.message() != "the result of text has 1001 bytes; 1000 can be sent: ask for less" {
		t.Errorf("999: %d %s", a.code(), a.message())
	}
	ran = 0
	one := `{"jsonrpc":"2.0","method":"text","params":[900],"id":1}`
	batch := "[" + one + "," + one + "," + one + "," + strings.Replace(one, `,"id":1`, "", 1) + "]"
	var codes []int
	for response := range elementsOf(t, r.JSON(t.Context(), []byte(batch))) {
		codes = append(codes, read(t, response).code())
	}
	if fmt.Sprint(codes) != "[0 0 -32400]" || ran != 3 {
		t.Errorf("batch: %v, %d ran", codes, ran)
	}
	ran = 0
	entry := `{"methodName":"text","params":[900]}`
	a := call(t, r, "system.multicall", "[["+entry+","+entry+","+entry+"]]")
	if ran != 2 || a.code() != rpc.CodeSystem { // and all three together are too large to be sent
		t.Errorf("multicall: %d ran; %d %s", ran, a.code(), a.message())
	}
}

func TestDefaultLimits(t *testing.T) {
	if got := rpc.New(rpc.Options{Limits: rpc.Limits{Depth: -1, Batch: 7}}).Limits(); got != (rpc.Limits{4 << 20, 64, 100_000, 7, 16 << 20, 8}) {
		t.Errorf("%+v", got)
	}
}
