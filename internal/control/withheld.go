package control

import (
	"context"
	"log/slog"
	"slices"

	"github.com/legion-go/legion/internal/describe"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

// Stacks need the role operate, as daemon.stack and worker.stack say. Events,
// records of the log and the data of errors, which may have stacks too, go
// through here on their way to a client with the role read.

// withheld replaces a stack.
const withheld = "(needs the role operate)"

// SeesStacks reports whether the client of the request that ctx belongs to may
// see stacks.
func SeesStacks(ctx context.Context) bool { return rpc.CallerOf(ctx).Role >= rpc.Operate }

// EventFor is an event as the client of ctx may see it: without stacks,
// wherever package describe put them.
func EventFor(ctx context.Context, e status.Event) status.Event {
	if !SeesStacks(ctx) {
		e.Data = describe.Without(e.Data, "stack", withheld)
	}
	return e
}

// RecordFor is a record of the log as the client of ctx may see it. ok is false
// if the record is only a stack: a line of a crash report that a worker
// printed.
func RecordFor(ctx context.Context, r status.LogRecord) (_ status.LogRecord, ok bool) {
	if SeesStacks(ctx) {
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

// ErrorFor is the error of a method as the client of ctx may see it: without
// the stack in its data.
func ErrorFor(ctx context.Context, e *rpc.Error) *rpc.Error {
	data, ok := e.Data.(status.Fault)
	if !ok || data.Stack == "" || SeesStacks(ctx) {
		return e
	}
	data.Stack = withheld
	return &rpc.Error{Code: e.Code, Message: e.Message, Data: data}
}

// DeathFor is a certificate as the client of ctx may see it: without the stack
// and what the worker printed.
func DeathFor(ctx context.Context, d status.Death) status.Death {
	if !SeesStacks(ctx) {
		if d.Stack != "" {
			d.Stack = withheld
		}
		if len(d.Stderr) > 0 {
			d.Stderr = []string{withheld}
		}
	}
	return d
}
