// Package arena lends parts of a memory that the daemon shares with one worker
// process, so that large values need not travel: they are filled on one side
// and read in place on the other.
//
// Read it in this order: space.go (which pages are free), pages.go (which have
// memory, and how it is given back), arena.go (one end of the memory), lease.go
// (a part that is lent), claim.go (what the worker says about its half).
//
// An arena has two halves. Each side lends parts of its own half, and its
// bookkeeping is in its private memory: nothing in the shared memory is ever
// believed, because it holds nothing but the bytes of the program. A part
// begins at a page and takes whole pages. The memory is sparse: pages get
// memory when they are lent first, keep it for the next lease, and lose it when
// they have been free for 10 to 20 seconds.
//
// # Who may use what, and when
//
// The daemon lends a part of its half to one Buffer. A call takes the part
// along; it is free again when the call has ended, which it does only when the
// worker has answered or is dead, and at once if no worker saw it. A result may
// name a part that came with its call, which goes back to the Buffer that the
// caller gets, or parts of the worker's half. These the daemon claims (see
// claim.go) until the caller releases them; then it tells the worker.
//
// # Trust
//
// The daemon believes nothing that the worker says: a ref is a part of a
// payload, copied before it is checked. A worker that names what it may not
// name breaks the protocol. What nobody can prevent is that the worker changes
// the bytes at any time, also while they are being read, or frees their pages;
// then the next access finds zeros, in new memory that is charged to the
// daemon, at most the size of the arena. If the system has no memory for them
// either, see package shm: this package guards its own accesses.
//
// # Concurrency
//
// An Arena and its leases may be used from any goroutine. No method waits for
// the other process.
package arena
