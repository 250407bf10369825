package legion

import (
	"context"
	"log/slog"
	"slices"

	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

// Stacks need RoleOperate, as daemon.stack and worker.stack say. What else tells
// of them on the way to somebody who may only look, events, records of the log and
// the data of errors, goes through here.

// withheld is what stands there instead.
const withheld = "(needs the role operate)"

// seesStacks reports whether the client whose request ctx belongs to may see them.
func seesStacks(ctx context.Context) bool { return CallerOf(ctx).Role >= RoleOperate }

// eventWithoutStack is an event without its stack, wherever it is in it.
func eventWithoutStack(e status.Event) status.Event {
	e.Data = describe.Without(e.Data, "stack", withheld)
	return e
}

// recordFor is a record of the log as the client of ctx may see it. ok is false if
// it is nothing but stacks: a line of a crash report that a worker has printed.
func recordFor(ctx context.Context, r status.LogRecord) (_ status.LogRecord, ok bool) {
	if seesStacks(ctx) {
		return r, true
	}
	if logs.OfCrashReport(r) {
		return r, false
	}
	for i, a := range r.Attrs {
		if a.Key == "stack" || a.Key == "report" {
			r.Attrs = slices.Clone(r.Attrs)
			r.Attrs[i].Value = slog.StringValue(withheld)
		}
	}
	return r, true
}

// withoutStack is the error of a method without the stack in its data.
func withoutStack(e *rpc.Error) *rpc.Error {
	data, ok := e.Data.(faultData)
	if !ok || data.Stack == "" {
		return e
	}
	data.Stack = withheld
	return &rpc.Error{Code: e.Code, Message: e.Message, Data: data}
}
