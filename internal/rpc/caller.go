package rpc

import "context"

// Caller is the sender of a request.
type Caller struct {
	Name string // for people and for the audit log: "uid 1000 pid 4711", "cert ops", "token deploy"
	Role Role
	Via  string // the address at which the request arrived
	As   string // the person for whom it acts, as the sender itself says by rpc.lower; "" if it does not

	Protocol string // of the request, over HTTP too: "json" for JSON-RPC and streams, "xml" for XML-RPC
}

type callerKey struct{}

// WithCaller returns a context in which c is the caller of requests.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// speaking returns ctx with the protocol of its caller.
func speaking(ctx context.Context, protocol string) context.Context {
	c := CallerOf(ctx)
	if c.Protocol == protocol {
		return ctx
	}
	c.Protocol = protocol
	return WithCaller(ctx, c)
}

// The protocols of a Caller.
const protocolJSON, protocolXML = "json", "xml"

// CallerOf returns the caller of the request that ctx belongs to: without
// WithCaller one with no name and the role None. Methods may use it.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
