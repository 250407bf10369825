// Package payload is for functions with large arguments and results: from
// about 16 KiB up, most of the time of a call goes into getting fresh memory
// for its bytes, and this package lets a call use memory again.
//
// A function that takes a [Lent] instead of a []byte borrows the memory of its
// argument, and [Scratch] gives it memory for its result:
//
//	func blur(ctx context.Context, picture payload.Lent) ([]byte, error) {
//		out := bytes.NewBuffer(payload.Scratch(ctx, len(picture)))
//		err := encode(out, picture)
//		return out.Bytes(), err
//	}
//
// The caller gives memory for the result with CallInto:
//
//	var out []byte // each goroutine needs its own
//	for picture := range pictures {
//		if err := blurs.CallInto(ctx, picture, &out); err != nil { … }
//	}
//
// Each of the three may be used without the others. A []byte keeps its
// meaning: it belongs to the function, or to the caller, for good.
//
// From about 1 MiB up, copying costs more than the rest of a call. A [Buffer]
// is not copied: the daemon and the worker share its memory.
//
// # What is kept
//
// A process keeps at most 8 buffers of 16 KiB to 32 MiB, together at most 32
// MiB, and drops one that was not used for a second, or at most two. (Besides,
// it keeps up to 128 KiB for each of the calls that run at the same time, until
// the garbage collector drops them.) They may hold the bytes of earlier calls
// of the same process: Scratch therefore returns an empty slice.
//
// # Misuse
//
// A function must not use its Lent or its scratch memory after it has returned.
// Nothing can stop it, so tests look for it: a test binary that calls
// legiontest.Main, and every program built with the race detector, overwrites
// such memory with the byte 0xDB as soon as the answer is sent, so a function
// that kept a part of it finds nonsense there, and the race detector reports a
// goroutine that goes on using it. The same is done to the memory of a [Buffer]
// that is released or consumed, and not to the result; in shared memory the
// race detector cannot help.
package payload
