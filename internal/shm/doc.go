// Package shm holds everything that the shared-memory transport needs from the operating system: memory that two
// processes share (segment.go), a futex on a word of it (futex.go) and bells (bell.go), which wake a goroutine of the
// other process through the runtime's network poller. It knows nothing of rings and frames.
//
// Shared memory is available on Linux. Elsewhere Supported is false and Create and Map return ErrUnsupported.
//
// # Why nothing here can hurt the process
//
// The segment is a memfd: it has no name in any file system, so nothing is left behind by a process that is killed.
// Its memory is allocated when it is made, or by Populate before it is used, and its size sealed, so that an access can neither find the memory full
// nor the file cut short: both would be SIGBUS.
//
// A bell is a pair of pipes, not an eventfd: the two processes would share the eventfd's open file description, and the
// peer could clear its O_NONBLOCK, fill its counter and so make the daemon block in write. The ends of a pipe have
// descriptions of their own. The death of the peer is an end of file. (A socket pair would do as well, at twice the
// cost of a wake-up.)
package shm
