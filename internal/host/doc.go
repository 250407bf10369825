// Package host is what a daemon asks of the system that it runs on: a folder for its sockets and locks, and who it is,
// how nice and where.
//
// # The order of a start
//
//  1. [Lookup] finds out who the daemon shall be. Nothing changes yet.
//  2. [RuntimeDir] provides the folder, for that user, while this process may still do so.
//  3. [Nice], then [Drop]: raising priority needs the rights that Drop gives up. Before the first worker: a worker's
//     ties to the daemon are checked against the ids that both have when it starts.
//  4. [Chdir], [Umask]; [CleanEnv] for the environment.
//
// Each of them can be left out, and each is harmless when it is done again by the next process of an upgrade, which has
// given up the rights already.
//
// # What is safe
//
// A folder is used only if nobody but its owner and root can put something into it, or put something else in its place.
// What is not so is refused and stays as it is; the message says why, and errors.Is(err, [ErrUnsafe]). It is looked at
// through its descriptor, so that it cannot change between the look and the decision.
//
// # Accounts
//
// Users and groups are read from /etc/passwd and /etc/group by this package itself: os/user would bring in the C library
// where cgo is on, and every worker process would pay for it. Accounts kept elsewhere (LDAP, macOS's directory) are
// given by number.
//
// # Figures
//
// What a daemon shows of its process and its machine: [UserName], [GroupName],
// [Memory], [CPU], [Load]. They cost little and may be called from any goroutine.
//
// # Reading order
//
// identity.go and accounts.go (who), names.go; runtimedir.go and secret.go (files
// that others must not touch); nice_linux.go, drop.go and process.go (what a start
// changes), environ.go; descriptors.go, invoked.go (how the program was started);
// exit_linux.go (the end of a child); memory_linux.go, cpu.go, load_linux.go,
// niceness_linux.go (figures). Files ending in _linux.go have an _other.go or a
// _kqueue.go beside them.
//
// # Concurrency
//
// RuntimeDir may run in many processes at once. Nice, Drop, Chdir and Umask change the whole process, all threads: they
// belong to the beginning of main.
package host
