// Package lock keeps a daemon from running twice. A lock is a plugin:
//
//	d.Use(lock.File("")) // NAME.lock in the daemon's runtime folder
//
// The second start fails with a [*HeldError], which names the process that runs
// already and says what to do.
//
//   - [File] locks a file, which also is of use as a pid file. It works on
//     every Unix, for all who can reach the file.
//   - [Abstract] binds an abstract Unix socket, which has no file that could be
//     removed. Linux only; it holds for one network namespace.
//   - [None] is no lock, for when a configuration says which.
//
// # Never stale
//
// It is the kernel that holds a lock, for the open file or socket, and frees it
// with the process, however that ends. Nothing that is found on disk says that
// a daemon runs. A hard start (-s) cleans what is left in the file, but takes
// the lock from nobody.
//
// # Upgrades
//
// The new process of an upgrade inherits the open descriptor: the lock has no
// gap, and two processes hold it together for a while. Whose it is, which is to
// say whose process id others are told, changes when the old process says so,
// or when it ends; see baton.go.
//
// # Reading order
//
// held.go, file.go, acquire.go (races and refusals), pid.go, baton.go, then
// abstract.go.
package lock
