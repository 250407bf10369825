package rpc

import (
	"context"
	"reflect"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// own lists the methods that belong to the protocols. Every registry has them.
func (r *Registry) own() []*method {
	methods := []*method{
		plain(Typed("system.listMethods", "The names of all methods.", Read, r.listMethods)),
		plain(Typed("system.methodHelp", "What a method does, and what its parameters are.", Read, r.methodHelp)),
		plain(Typed("system.methodSignature",
			"The signatures of a method for XML-RPC: lists of the type of the result, then those of the parameters.",
			Read, r.methodSignature)),
		plain(Typed("system.getCapabilities", "The specifications that this server keeps to.", Read, capabilities)),
		plain(Typed("rpc.discover", "This server's methods with their types, as a document of OpenRPC.", Read, r.discover)),
		bound[jsontext.Value, []any]("system.multicall",
			"Runs several calls, one after the other.\n\n"+
				"Each call is a struct with methodName and params; each result is a list with the result in it, or a struct "+
				"with faultCode and faultString. It must not call itself.",
			"calls", (*exchange).multicall),
		bound[token, identity]("rpc.auth", "Gives the connection to the token's owner.", "",
			func(x *exchange, t token) (identity, *Error) { return x.session.authenticate(t) }),
		bound[lowering, identity]("rpc.lower",
			"Takes rights away for the rest of the connection, and ends its streams; the result has the role that is left.\n\n"+
				"No token gives them back. A role above the caller's own changes nothing.", "",
			func(x *exchange, l lowering) (identity, *Error) { return x.session.lower(l) }),
		bound[begun, bool]("rpc.cancel", "Ends a stream of the connection; the result says whether it was running.", "",
			func(x *exchange, b begun) (bool, *Error) { return x.session.cancelStream(b), nil }),
	}
	for _, m := range methods {
		m.session = m.Name == "rpc.auth" || m.Name == "rpc.lower" || m.Name == "rpc.cancel"
	}
	return methods
}

// plain is a method like any other.
func plain(m Method) *method {
	c, err := compile(m)
	if err != nil {
		panic(err) // only for a mistake in this package
	}
	return c
}

// bound is a method that needs to know its exchange.
func bound[In, Out any](name, help, inName string, run func(*exchange, In) (Out, *Error)) *method {
	c := plain(Method{
		Name: name, Help: help, In: reflect.TypeFor[In](), InName: inName, Out: reflect.TypeFor[Out](),
		Call: func(context.Context, any) (any, error) { return nil, nil }, // run is instead
	})
	c.run = func(x *exchange, in any) (any, *Error) { return run(x, in.(In)) }
	return c
}
