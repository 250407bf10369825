package control

import (
	"log/slog"
	"testing"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/status"
)

// Who may only look sees no stack in events, records and errors; what they are
// made of is not changed.
func TestWithheld(t *testing.T) {
	event := status.Event{Type: "WorkerExited", Data: map[string]any{"exit": map[string]any{"stack": "goroutine 1"}}}
	record := status.LogRecord{Attrs: status.LogAttrs{slog.String("stack", "goroutine 1"), slog.Int("pid", 7), slog.String("report", "goroutine 2")}}
	fault := &rpc.Error{Code: -32400, Message: "crashed", Data: status.Fault{Kind: "crashed", PID: 7, Stack: "goroutine 1"}}
	for range 2 {
		for role, want := range map[rpc.Role][3]string{
			rpc.Read: {
				`{"exit":{"stack":"(needs the role operate)"}}`, `{"stack":"(needs the role operate)","pid":7,"report":"(needs the role operate)"}`,
				`{"kind":"crashed","pid":7,"stack":"(needs the role operate)"}`,
			},
			rpc.Operate: {`{"exit":{"stack":"goroutine 1"}}`, `{"stack":"goroutine 1","pid":7,"report":"goroutine 2"}`, `{"kind":"crashed","pid":7,"stack":"goroutine 1"}`},
		} {
			ctx := rpc.WithCaller(t.Context(), rpc.Caller{Role: role})
			shown, ok := RecordFor(ctx, record)
			if !ok {
				t.Error("a record is left out")
			}
			for i, v := range []any{EventFor(ctx, event).Data, shown.Attrs, ErrorFor(ctx, fault).Data} {
				if got, err := strictjson.Marshal(v); err != nil || string(got) != want[i] {
					t.Errorf("%s: %s (%v), not %s", role, got, err, want[i])
				}
			}
		}
	}
	death := status.Death{Stack: "goroutine 1", Stderr: []string{"a", "b"}, Why: "it died"}
	if d := DeathFor(rpc.WithCaller(t.Context(), rpc.Caller{Role: rpc.Operate}), death); d.Stack != "goroutine 1" || len(d.Stderr) != 2 {
		t.Errorf("%+v", d)
	}
	ctx := rpc.WithCaller(t.Context(), rpc.Caller{Role: rpc.Read})
	if d := DeathFor(ctx, death); d.Stack != withheld || len(d.Stderr) != 1 || d.Stderr[0] != withheld || d.Why != "it died" || death.Stderr[0] != "a" {
		t.Errorf("%+v", d)
	}
	line := status.LogRecord{Level: "DEBUG", Attrs: status.LogAttrs{slog.String("stream", "stderr")}}
	if _, ok := RecordFor(ctx, line); ok {
		t.Error("a line of a crash report is shown")
	}
	if plain := (&rpc.Error{Code: 7, Message: "no"}); ErrorFor(ctx, plain) != plain {
		t.Error("an error without a stack is another")
	}
}
