package rpc_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

func TestOpen(t *testing.T) {
	var sent atomic.Int64
	r := newRegistry(t, rpc.Options{}, counting(&sent), waiting(),
		rpc.Streamed("dry", "", rpc.Read, func(context.Context, none, func(int) error) error { return errors.New("nothing there") }),
		rpc.Streamed("burst", "", rpc.Read, func(context.Context, none, func(int) error) error { panic("burst") }))
	open := func(ctx context.Context, method, params string) func(func([]byte) error) error {
		t.Helper()
		run, err := r.Open(ctx, method, []byte(params))
		if err != nil {
			t.Fatalf("%s %s: %v", method, params, err)
		}
		return run
	}
	var items []string
	collect := func(item []byte) error { items = append(items, string(item)); return nil }
	if err := open(admin(t), "count", `{"value":3}`)(collect); err != nil || strings.Join(items, " ") != "1 2 3" {
		t.Errorf("%v, %v", items, err)
	}
	if err := open(admin(t), "count", `{"value":3}`)(func([]byte) error { return errors.New("gone") }); err != nil {
		t.Errorf("a reader who went away: %v", err)
	}
	ctx, cancel := context.WithCancel(admin(t))
	run := open(ctx, "wait", "")
	cancel()
	if err := run(collect); err != nil {
		t.Errorf("the end of the context: %v", err)
	}
	for name, want := range map[string]string{"dry": "nothing there (-32500)", "burst": "Internal error: burst panicked: burst (-32603)"} {
		if err := open(admin(t), name, "{}")(collect); err == nil || err.Error() != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct {
		method, params string
		code           int
	}{
		{"missing", ``, rpc.CodeMethod},
		{"nothing", ``, rpc.CodeRequest},
		{"count", ``, rpc.CodeParams},
		{"count", `[3]`, rpc.CodeParams},
		{"count", `3`, rpc.CodeParams},
		{"count", `{"value":"3"}`, rpc.CodeParams},
		{"count", `{"value":3`, rpc.CodeParse},
		{"count", `{"value":3,"value":3}`, rpc.CodeParse},
		{"count", strings.Repeat("[", 100), rpc.CodeRequest},
		{"count", strings.Repeat(" ", 5<<20), rpc.CodeSystem},
	} {
		if _, err := r.Open(admin(t), c.method, []byte(c.params)); err == nil || err.Code != c.code {
			t.Errorf("%s %.20s: %v, want %d", c.method, c.params, err, c.code)
		}
	}
}
