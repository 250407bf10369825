package rpc

import (
	"context"
	"reflect"
)

// Method is a method that callers can call.
type Method struct {
	Name string // "pool.scale": letters, digits and _ . : / -, 128 at most; not rpc.… nor system.…
	Help string // what it does: a sentence, then perhaps more after an empty line

	// In is the type of the parameters. struct{}: no parameters. A struct, or a
	// pointer to one: its members in JSON are the parameters, in their order; one
	// that is a pointer or has omitempty or omitzero in its tag may be left out, a
	// tag `usage:"…"` describes it. Any other type, one with its own UnmarshalJSON
	// or UnmarshalText too: one parameter, InName.
	In     reflect.Type
	InName string // default "value"

	Out     reflect.Type // the type of the result; of a stream: of an item
	Role    Role         // the least role that the caller needs
	Changes bool         // it changes something: each call gets a record in the audit log

	// Secret keeps the parameters out of the audit log, except for what Tell, if
	// set, says of them; Tell is not called for a refused call.
	Secret bool
	Tell   func(in any) string

	// Call runs the method. It is called from many goroutines at once; in has the
	// type In, what is returned has the type Out. An error that is no *Error gets
	// its code from Options.Fault. A panic, or runtime.Goexit, is an error for the
	// caller only.
	Call func(ctx context.Context, in any) (any, error)

	// Stream is instead of Call. It calls send for each item, from one goroutine at
	// a time, and returns at the end of the stream. send blocks while the caller
	// does not read; its error means that the caller no longer listens: return. ctx
	// ends when the caller cancels the stream or goes away.
	Stream func(ctx context.Context, in any, send func(item any) error) error
}

// Typed makes a method of a function. Changes is true if it needs more than the
// role Read.
func Typed[In, Out any](name, help string, role Role, fn func(context.Context, In) (Out, error)) Method {
	return Method{
		Name: name, Help: help, Role: role, Changes: role > Read,
		In: reflect.TypeFor[In](), Out: reflect.TypeFor[Out](),
		Call: func(ctx context.Context, in any) (any, error) { return fn(ctx, as[In](in)) },
	}
}

// Streamed makes a stream of a function. Changes is true if it needs more than
// the role Read.
func Streamed[In, Item any](name, help string, role Role, fn func(context.Context, In, func(Item) error) error) Method {
	return Method{
		Name: name, Help: help, Role: role, Changes: role > Read,
		In: reflect.TypeFor[In](), Out: reflect.TypeFor[Item](),
		Stream: func(ctx context.Context, in any, send func(any) error) error {
			return fn(ctx, as[In](in), func(item Item) error { return send(item) })
		},
	}
}

// Encoded is Streamed for items that are JSON already, in one line, as
// [strictjson.Marshal] makes it of an Item: many callers get the same ones.
func Encoded[In, Item any](name, help string, role Role, fn func(context.Context, In, func(item []byte) error) error) Method {
	m := Streamed[In, Item](name, help, role, nil)
	m.Stream = func(ctx context.Context, in any, send func(any) error) error {
		return fn(ctx, as[In](in), func(item []byte) error { return send(jsonText(item)) })
	}
	return m
}

// jsonText is a value that is encoded already.
type jsonText []byte

// as returns in as a T. A nil interface loses its type in an any.
func as[T any](in any) T {
	v, _ := in.(T)
	return v
}
