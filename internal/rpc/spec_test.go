package rpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
)

// example is an example of the specification: what is sent, and what is
// answered, "" for nothing.
type example struct{ name, sent, answered string }

// examples reads testdata/jsonrpc.txt.
func examples(t *testing.T) (all []example) {
	data, err := os.ReadFile("testdata/jsonrpc.txt")
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	var text *string
	for line := range strings.Lines(string(data)) {
		sent, isSent := strings.CutPrefix(line, "--> ")
		answered, isAnswered := strings.CutPrefix(line, "<-- ")
		switch {
		case isSent:
			all = append(all, example{name: name, sent: sent})
			text = &all[len(all)-1].sent
		case isAnswered:
			text = &all[len(all)-1].answered
			*text = answered
		case line[0] == '#':
			name, text = strings.TrimSpace(line[1:]), nil
		case text != nil:
			*text += line
		}
	}
	return all
}

// The answers are those of the specification byte for byte, white space between
// the tokens left out.
func TestSpecification(t *testing.T) {
	var hello, updates, sums int
	type three struct{ A, B, C int }
	r := rpc.New(rpc.Options{})
	for _, m := range []rpc.Method{
		rpc.Typed("subtract", "", rpc.None, func(_ context.Context, p pair) (int, error) { return p.Minuend - p.Subtrahend, nil }),
		rpc.Typed("sum", "", rpc.None, func(_ context.Context, p three) (int, error) { return p.A + p.B + p.C, nil }),
		rpc.Typed("get_data", "", rpc.None, func(context.Context, none) ([]any, error) { return []any{"hello", 5}, nil }),
		rpc.Typed("notify_hello", "", rpc.None, func(_ context.Context, n int) (bool, error) { hello += n; return true, nil }),
		rpc.Typed("notify_sum", "", rpc.None, func(_ context.Context, p three) (bool, error) { sums += p.A + p.B + p.C; return true, nil }),
		rpc.Typed("update", "", rpc.None, func(_ context.Context, p struct{ A, B, C, D, E int }) (bool, error) {
			updates += p.E
			return true, nil
		}),
	} {
		if err := r.Add(m); err != nil {
			t.Fatal(err)
		}
	}
	all := examples(t)
	if len(all) != 15 {
		t.Fatalf("there are %d examples, not 15", len(all))
	}
	for _, e := range all {
		want := []byte(nil)
		if e.answered != "" {
			var b bytes.Buffer
			if err := json.Compact(&b, []byte(e.answered)); err != nil {
				t.Fatalf("%s: %v", e.name, err)
			}
			want = b.Bytes()
		}
		if got := r.JSON(t.Context(), []byte(e.sent)); !bytes.Equal(got, want) {
			t.Errorf("%s: %s\ngot  %s\nwant %s", e.name, e.sent, got, want)
		}
		s := r.NewSession(t.Context(), func([]byte) error { return nil })
		if got := s.Handle([]byte(e.sent)); !bytes.Equal(got, want) {
			t.Errorf("%s, in a session: %s\ngot  %s\nwant %s", e.name, e.sent, got, want)
		}
		s.Close()
	}
	if hello != 2*14 || updates != 2*5 || sums != 2*7 {
		t.Errorf("the notifications were not run: hello %d, updates %d, sums %d", hello, updates, sums)
	}
}
