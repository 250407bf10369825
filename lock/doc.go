// Package lock keeps a daemon from running twice. A lock is a plugin:
//
//	d.Use(lock.File("")) // NAME.lock in the daemon's runtime folder
//
// The second start fails with a [*HeldError], which names the process that runs
// already and says what to do.
//
//   - [File] locks a file, which is also a pid file. It works on
//     every Unix, for every process that can reach the file.
//   - [Abstract] binds an abstract Unix socket, which has no file to be
//     removed. Linux only; it holds for one network namespace.
//   - [None] is no lock, for programs whose configuration chooses the lock.
//
// # Never stale
//
// The kernel holds a lock, for the open file or socket, and frees it when the
// process ends for any reason. Nothing on disk says that a daemon runs. A hard
// start (-s) cleans up what is left in the file, but never takes the lock from
// a process that lives.
//
// # Upgrades
//
// The new process of an upgrade inherits the open descriptor: the lock has no
// gap, and two processes hold it together for a while. The lock names the
// process id of one of them, which changes when the old process says so, or
// when it ends; see baton.go.
//
// # Reading order
//
// host.go (what a lock needs of the daemon), held.go, file.go, acquire.go
// (races and refusals), network.go, pid.go, baton.go; then abstract.go with
// peer.go; none.go.
package lock
