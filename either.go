package legion

import "github.com/legion-go/legion/internal/rpc"

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
//
// Its method Value returns the A or the B that the client gave, nil if it left
// the parameter out or gave null. UnmarshalJSON decodes it, and Alternatives
// tells introspection the two types.
type Either[A, B any] = rpc.Either[A, B]
