package legion

import (
	"context"
	"fmt"
	"io"

	"github.com/legion-go/legion/internal/text"
)

// Loader is a function that loads a value for [Share]. The first form returns
// the value: for a moment the daemon needs twice its memory. The second writes
// it and never has it whole: use that for what is large, or comes from a file
// or a connection anyway (io.Copy). Each Write is a system call: put a
// bufio.Writer before many small ones.
type Loader interface {
	func(context.Context) ([]byte, error) | func(context.Context, io.Writer) error
}

// Shared is a value that all workers read in the same memory: see [Share].
type Shared struct {
	d      *Daemon
	name   string
	number int
}

// Share declares bytes that the daemon loads once, such as a model, an index or
// a font, and that the functions of all pools read with [Shared.Bytes]. They
// are in memory once, however many workers there are. A worker maps them when
// it starts, which takes no time and no memory.
//
// load runs in the daemon alone, on a goroutine of its own: at Start, after
// Init and before the first worker starts, and at each Reload, before workers
// are replaced. Several values are loaded one after the other. An error or a
// panic fails the Start. If it fails a Reload, the values and the workers stay.
// The context is that of Start or Reload; when it ends, nobody waits for load,
// and what it writes is lost. After an upgrade or a restart the new program
// loads for itself.
//
// A worker has the value with which it started until it ends. Those that start
// after a reload have the new one. While both kinds run, both values are in
// memory.
//
// The memory is the daemon's: Pool.MemoryLimit and MaxMemory do not count it.
// On Linux it is sealed. A worker that writes to it dies, and its call ends
// with [ErrCrashed]; nobody else notices. Elsewhere, and where memory files are
// forbidden, it is a file without a name in os.TempDir: workers cannot write to
// that either, but the system may keep it on the disk. With InProcess, workers
// read what the daemon reads.
func Share[F Loader](d *Daemon, name string, load F) *Shared {
	d.mustDeclare("Share " + name)
	err := text.CheckName(name)
	number := 0
	if err == nil {
		number, err = d.declared.shared.Declare(name, load)
	}
	if err != nil {
		panic(fmt.Sprintf("legion: Share %q: %v", name, err))
	}
	return &Shared{d, name, number}
}

// Bytes returns the value. It costs nothing, from any goroutine: in a worker
// from its setup on, in the daemon once Start has loaded it; earlier it panics.
// A write to the slice is a segmentation fault, which ends the process.
//
// In the daemon it returns the value of the last load. The slice stays valid
// after a reload and a stop. So a value that the daemon has read stays in
// memory until its process ends ([status.Shared].Kept); one that it has not
// read is freed when the last worker that has it ends.
func (s *Shared) Bytes() []byte {
	b, ok := s.d.declared.shared.Bytes(s.number)
	if !ok {
		panic(fmt.Sprintf("legion: Share %q: Bytes before Start has loaded it, or after the stop: use it in the functions and the setup of workers", s.name))
	}
	return b
}
