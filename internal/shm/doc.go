// Package shm holds everything that the shared-memory transport needs from the
// operating system: memory that two processes share (segment_linux.go), a futex
// on a word of it (futex_linux.go) and bells (bell.go), which wake a goroutine
// of the other process through the runtime's network poller. It does not know
// about rings and frames.
//
// Reading order: segment_linux.go with extent.go and memfile_linux.go;
// futex_linux.go; bell.go, ring_linux.go and socket_linux.go. Files ending in
// _other.go are for systems without shared memory; unsupported.go has their
// error.
//
// Shared memory is available on Linux, unless a sandbox forbids memory files:
// see Available. Elsewhere Create and Map return ErrUnsupported.
//
// # Why nothing here can hurt the process
//
// The segment is a memfd: it has no name in any file system, so a killed
// process leaves nothing behind. Its size is sealed, so the file cannot be
// truncated under an access; its memory is allocated when it is made, or by
// Populate before it is used. But a process that may write to it may also free
// its pages, with MADV_REMOVE or FALLOC_FL_PUNCH_HOLE, and no seal that permits
// writing forbids this. At the next access, even a read, the kernel allocates a
// new page and charges it to the accessing process; under strict overcommit
// (vm.overcommit_memory=2), when memory is full, the access is a SIGBUS. So
// package link treats a fault in a segment as a breach of protocol;
// payload.Buffer says what one in an arena means. The only limit is that on
// memory: the file system behind memfds has no size limit.
//
// A bell is a pair of pipes, not an eventfd: the two processes would share the
// eventfd's open file description, and the peer could clear its O_NONBLOCK,
// fill its counter and so make the daemon block in write. Each end of a pipe
// has a separate description. The death of the peer is an end of file. (A
// socket pair would do as well, at twice the cost of a wake-up.)
package shm
