package rpc

import (
	"errors"
	"reflect"

	"github.com/legion-go/legion/internal/strictjson"
)

// Either is a parameter of a [Method] that may have either of two types, so
// that the method has several signatures of the same length:
//
//	type find struct {
//		Thumb legion.Either[int, string] `json:"thumb" usage:"its number or its name"`
//	}
//
// A value that fits both is an A. For more types put one into another:
// Either[int, Either[string, bool]]. It is for parameters only: it does not
// travel to workers.
type Either[A, B any] struct{ value any }

// either is implemented by every Either, whatever its types. Value looks
// through one inside another, but not into other types that have a method
// Value.
type either interface {
	Value() any
	Alternatives() []reflect.Type
}

// Value returns the A or the B that the caller gave; nil if the parameter was
// left out, or null.
func (e Either[A, B]) Value() any { return e.value }

// UnmarshalJSON reads the value.
func (e *Either[A, B]) UnmarshalJSON(data []byte) error {
	e.value = nil
	if string(data) == "null" {
		return nil
	}
	var a A
	first := strictjson.Unmarshal(data, &a)
	if first == nil {
		e.value = a
	} else {
		var b B
		if second := strictjson.Unmarshal(data, &b); second != nil {
			for _, err := range []error{first, second} {
				if why, ok := errors.AsType[*strictjson.Error](err); ok && why.Refused() {
					return why // it has the form of this type: the other was not meant
				}
			}
			return errors.New("it is neither")
		}
		e.value = b
	}
	if inner, ok := e.value.(either); ok {
		e.value = inner.Value()
	}
	return nil
}

// Alternatives tells introspection the types that the value may have.
func (Either[A, B]) Alternatives() []reflect.Type {
	var all []reflect.Type
	for _, t := range []reflect.Type{reflect.TypeFor[A](), reflect.TypeFor[B]()} {
		if inner := strictjson.Alternatives(t); inner != nil {
			all = append(all, inner...)
		} else {
			all = append(all, t)
		}
	}
	return all
}
