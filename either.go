package legion

import "github.com/legion-go/legion/internal/rpc"

// Either is a parameter of a [Method] that accepts either of two types, which
// gives the method several signatures of the same length:
//
//	type find struct {
//		Thumb legion.Either[int, string] `json:"thumb" usage:"its number or its name"`
//	}
//
// A value that fits both is an A. For more types, nest them: Either[int,
// Either[string, bool]]. It is for parameters only: it does not travel to
// workers.
//
// Its method Value returns the A or the B that the client sent, nil if the
// client omitted the parameter or sent null. UnmarshalJSON decodes it, and
// Alternatives returns the two types for introspection.
type Either[A, B any] = rpc.Either[A, B]
