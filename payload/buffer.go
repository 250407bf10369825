package payload

import (
	"context"
	"io"

	"github.com/legion-go/legion/internal/buffer"
)

// Buffer is memory for an argument or a result that does not travel: the daemon
// and one worker share it, the one fills it, and the other reads it in place.
// That pays from about 1 MiB on, and earlier where one side looks at a part of
// the bytes only. A nil Buffer travels as nil.
//
// The daemon makes one with Supervisor.NewBuffer, for a call of a function of
// that pool, whose argument or result is a *Buffer, or a struct with fields of
// this type, also in structs in it. Elsewhere, as in slices and behind
// pointers, and in streams, a Buffer is refused when the function is declared.
//
// The zero Buffer has no bytes, and travels as nil. Functions with Buffers
// cannot be called over the control socket. A hook of the pool sees the Buffers
// of the result, which are the caller's, and nil for those of the argument.
//
// # Who owns it
//
// A Buffer has one owner, who may use it, and the slices that Bytes returned,
// until it is gone:
//
//   - A call takes the Buffers in its argument, also if it fails.
//   - In the worker they belong to the call, as do those made by NewBuffer with
//     its context. The function returns what its caller shall get: its
//     argument, changed in place, or another. The others end when it returns.
//   - The caller owns the Buffers of a result, and calls Release for each.
//
// Using a Buffer that is gone panics: a second Release too. Nothing can notice
// that a slice of its bytes is still used: its memory is then another call's,
// or not mapped any more, and an access ends the process. (Tests overwrite it:
// see the package.)
//
// A Buffer that was forgotten is released when the garbage collector finds it,
// and the daemon logs that. So keep the Buffer, by a deferred Release for
// example, as long as you use its bytes.
//
// # Where it travels nevertheless
//
// If the bytes are not in memory shared with the worker that gets the call,
// they are copied to it, and nothing else changes. So it is with Socket as
// transport, with InProcess, on systems without shared memory, if another
// worker takes the call because this one is busy or has died, and if the memory
// of the worker (Pool.Arena) is used up. A call that is tried again
// (Pool.Retry) gets what the worker that died has made of the bytes: a function
// that changes its argument is not idempotent.
//
// # What a compromised worker can do
//
// A compromised worker can change these bytes while you look at them. Go stays
// memory-safe; your checks do not: copy first, then check, whatever decides
// something. The worker can read a Buffer of its pool from NewBuffer on. When
// it is dead, as after a Task, only a process to which it has passed the memory
// can change the bytes.
//
// It can also free the memory. Then the bytes are zero, in new memory that is
// charged to the daemon, at most twice Pool.Arena. If the system has none left,
// what happens at that access is what happens whenever memory that is in use
// cannot be had: usually the kernel ends a process that it chooses. Where the
// kernel refuses memory instead (vm.overcommit_memory=2), the access is a
// SIGBUS, which ends the daemon with "fatal error: fault", unless the goroutine
// has called debug.SetPanicOnFault(true): then it is a panic. A system call,
// such as the read of a file into Bytes, returns EFAULT.
//
// # Concurrency
//
// One goroutine at a time may use a Buffer and its bytes.
type Buffer buffer.Buffer

// NewBuffer returns a Buffer of n bytes for the call whose context ctx is, in a
// worker. Its contents are unspecified. It is ordinary memory if the memory for
// results is used up, or if ctx belongs to no call of a function with Buffers.
// The error says that n is not positive, or that the call has ended.
func NewBuffer(ctx context.Context, n int) (*Buffer, error) {
	b, err := buffer.Make(ctx, n)
	return (*Buffer)(b), err
}

// Bytes returns the bytes, to be read and written in place.
func (b *Buffer) Bytes() []byte { return (*buffer.Buffer)(b).Bytes() }

// Len returns the number of bytes: at first the size that was asked for.
func (b *Buffer) Len() int { return (*buffer.Buffer)(b).Len() }

// Truncate keeps the first n bytes. It panics if n is negative or greater than
// Len.
func (b *Buffer) Truncate(n int) { (*buffer.Buffer)(b).Truncate(n) }

// Write appends p, so that an encoder can write into a Buffer after
// Truncate(0). The first size is the limit: Write appends what fits, and
// returns [io.ErrShortWrite] if that is not all.
func (b *Buffer) Write(p []byte) (int, error) { return (*buffer.Buffer)(b).Write(p) }

// ReadFrom appends what r has, until io.EOF, in place. The first size is the
// limit: ReadFrom appends what fits, and returns [io.ErrShortWrite] if r has
// more; it has then read one byte more.
func (b *Buffer) ReadFrom(r io.Reader) (int64, error) { return (*buffer.Buffer)(b).ReadFrom(r) }

// Release gives the memory back.
func (b *Buffer) Release() { (*buffer.Buffer)(b).Release() }
