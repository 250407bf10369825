package worker

import (
	"context"

	"github.com/legion-go/legion/internal/wire"
)

// Func is a function of a worker without its types.
type Func struct {
	Name string
	Hash uint64 // of its types
	Raw  bool   // it gets its argument undecoded, in separate memory

	// Call runs the function and returns the encoded result. It may use buf, which
	// is reused after the answer, or other memory.
	Call func(ctx context.Context, state any, in []byte, buf *[]byte) ([]byte, error)

	// Stream, instead of Call, passes the elements of its result to emit, which
	// waits for the reader, and fails when the reader has stopped.
	Stream func(ctx context.Context, state any, in []byte, emit func([]byte) error) error
}

// Func.Call returns a RefusedError when it cannot run the function.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

// Hello returns the functions as a ready worker announces them.
func Hello(funcs []Func) []wire.FuncInfo {
	infos := make([]wire.FuncInfo, len(funcs))
	for i, f := range funcs {
		infos[i] = wire.FuncInfo{Name: f.Name, Hash: f.Hash, Stream: f.Stream != nil}
	}
	return infos
}
