package payload

import "context"

// Lent is an argument whose memory is only lent to the function: the function
// may read and change it until it returns, and must keep no part of it, also
// not in a goroutine that goes on. It may return it, or a part of it, as its
// result.
//
// Lent is for arguments: the argument itself, or a part of it, such as a field.
// There it saves a copy, and fresh memory for it. In the memory of the caller,
// and in results, it is a []byte like any other. The caller passes a []byte
// where a Lent is wanted: Go converts it. Only Func.Inline gives the function
// the memory of the caller itself.
type Lent []byte

// Scratch returns an empty slice with room for n bytes, for the result of the
// call whose context ctx is. Append to it, or reslice it: then its bytes are
// arbitrary. The function returns it, or a part of it, or a value that refers
// to it, and must not use it after that. It may ask several times.
//
// With a ctx that is not a call's, or whose call has ended, it is ordinary
// memory, as after make. Any goroutine of the call may use it.
func Scratch(ctx context.Context, n int) []byte {
	if m, ok := ctx.Value(memory).(interface{ Scratch(n int) []byte }); ok {
		return m.Scratch(n)
	}
	return make([]byte, 0, n)
}

// memory is the key under which the context of a call in a worker has the
// memory of the call. It is a value that every package can write and that is
// nobody else's key, so that this package exports nothing for it.
var memory any = (*Lent)(nil)
