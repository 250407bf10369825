// Package share holds values that the daemon loads once and its workers only
// read: a model, an index, a font. Their bytes are in memory once, however many
// workers there are.
//
// # In the daemon
//
// [Store.Declare] adds a value, [Store.Load] loads all of them: each is written
// to a memory file, which is then sealed, so that nobody can write to it or
// change its size any more, the daemon included. [Store.Hold] gives the files
// to a worker that starts. Load may be called again: the workers that start
// from then on get the new values.
//
// # In a worker
//
// [Store.Open] maps the files and closes their descriptors. A mapping costs no
// memory and next to no time, whatever its size; the pages are the daemon's.
// The descriptors are opened for reading only, so the mapping cannot be made
// writable: a write is a SIGSEGV of that worker.
//
// # When memory is freed
//
// A value is freed when the daemon has replaced it and the last worker that
// maps it has ended. A slice of mapped memory is unknown to the garbage
// collector: nothing tells whether somebody still has one. So a value that was
// read in the daemon, with [Store.Bytes], stays mapped until the process ends;
// one that was not is unmapped when it is replaced.
//
// Where memory files are not available, a value is in a temporary file without
// a name, which the kernel keeps in its page cache: as little memory, but
// memory that the kernel may write back to the disk, and the daemon's user
// could still write to the file.
//
// Reading order: store.go, load.go, value.go; file.go with file_linux.go and
// file_other.go.
package share
