// Package shm holds everything that the shared-memory transport needs from the
// operating system: memory that two processes share (segment.go), a futex on a
// word of it (futex.go) and bells (bell.go), which wake a goroutine of the
// other process through the runtime's network poller. It knows nothing of rings
// and frames.
//
// Shared memory is available on Linux, unless a sandbox forbids memory files:
// Available tells. Elsewhere Create and Map return ErrUnsupported.
//
// # Why nothing here can hurt the process
//
// The segment is a memfd: it has no name in any file system, so nothing is left
// behind by a process that is killed. Its size is sealed, so that an access
// cannot find the file cut short; its memory is allocated when it is made, or
// by Populate before it is used. But whoever may write to it may free pages of
// it, with MADV_REMOVE or FALLOC_FL_PUNCH_HOLE, and no seal forbids that which
// permits writing. The next access, a read too, has the kernel allocate a page
// anew, on the account of the process that makes it; where memory is committed
// strictly (vm.overcommit_memory=2) and full, it is SIGBUS. So package link
// treats a fault in a segment as a breach of protocol. There is no limit but
// that on memory: the file system behind memfds has no size of its own.
//
// A bell is a pair of pipes, not an eventfd: the two processes would share the
// eventfd's open file description, and the peer could clear its O_NONBLOCK,
// fill its counter and so make the daemon block in write. The ends of a pipe
// have descriptions of their own. The death of the peer is an end of file. (A
// socket pair would do as well, at twice the cost of a wake-up.)
package shm
