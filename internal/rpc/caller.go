package rpc

import "context"

// Caller is who sends a request.
type Caller struct {
	Name string // for people and for the audit log: "uid 1000 pid 4711", "cert ops", "token deploy"
	Role Role
	Via  string // the address that the request came in at

	Protocol string // of the request, over HTTP too: "json" for JSON-RPC and streams, "xml" for XML-RPC
}

type callerKey struct{}

// WithCaller returns a context in which requests are those of c.
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

// CallerOf returns whose request ctx belongs to: without WithCaller somebody
// without a name and with the role None. A method may ask for it.
func CallerOf(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
