package rpc_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// Answers are counted by method and code, however the request came; neither
// makes the counts grow without bound.
func TestCounts(t *testing.T) {
	r := newRegistry(t, rpc.Options{}, rpc.Typed("code", "Fails with a code.", rpc.None, func(_ context.Context, code int) (int, error) {
		return 0, &rpc.Error{Code: code, Message: "as asked"}
	}), rpc.Typed("locked", "Needs a role.", rpc.Admin, func(context.Context, none) (int, error) { return 0, nil }))
	for _, request := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"subtract","params":[2,1]}`,
		`[{"jsonrpc":"2.0","id":1,"method":"subtract","params":[2,1]},{"jsonrpc":"2.0","method":"subtract","params":[2,1]}]`,
		`{"jsonrpc":"2.0","id":1,"method":"subtract","params":["x"]}`,
		`{"jsonrpc":"2.0","id":1,"method":"fail"}`,
		`{"jsonrpc":"2.0","id":1,"method":"locked"}`,
		`{"jsonrpc":"2.0","id":1,"method":"no.such"}`,
		`{"jsonrpc":"2.0","id":1,"method":"nor.this"}`,
	} {
		r.JSON(t.Context(), []byte(request))
	}
	r.XML(t.Context(), []byte(`<methodCall><methodName>nothing</methodName></methodCall>`))
	if _, err := r.Open(t.Context(), "no.stream", nil); err == nil {
		t.Error("a stream that does not exist")
	}
	want := map[string]map[string]uint64{
		"subtract": {"0": 3, "-32602": 1}, "fail": {"-32500": 1}, "locked": {"-32001": 1}, "nothing": {"0": 1}, "_other": {"-32601": 3},
	}
	if got := r.Counts(); !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for code := range 40 {
		r.JSON(t.Context(), fmt.Appendf(nil, `{"jsonrpc":"2.0","id":1,"method":"code","params":[%d]}`, 100+code))
	}
	if got := r.Counts()["code"]; len(got) != 17 || got["_other"] != 24 || got["100"] != 1 {
		t.Error(got)
	}
}
