// Package recorder keeps what a worker did before its end. The worker writes it
// into a memory file that it inherits from the daemon: what it has written
// stays, even if SIGKILL comes in the middle. When the process is dead, the
// daemon reads the file, and trusts none of it.
//
//   - options.go: how much
//   - file.go: the daemon's end
//   - memory.go: the worker's end
//
// The file has a page with numbers, then room for a trace, then room for
// profiles: gzipped, each whole, one after the other.
//
//	0       u64 Window in ns, u64 Bytes      written by the daemon
//	16      u64 number of the snapshot       that of the daemon's request
//	24      u64 bytes of the trace, u64 bytes of the profiles
//	4096    trace
//	…       profiles
//
// Its size is sealed, and memory is allocated as it is written. A File is for
// one goroutine at a time, and so is a Memory.
package recorder
