// Package host sets up a daemon's process on its system: a folder for its
// sockets and locks, its user and group, its nice value and its working
// directory.
//
// # The order of a start
//
//  1. [Lookup] finds the user and group that the daemon will run as. Nothing
//     changes yet.
//  2. [RuntimeDir] provides the folder for that user, while this process still
//     has the right to.
//  3. [Nice], then [Drop]: raising priority needs the rights that Drop gives
//     up. Do both before the first worker starts: a worker checks that it
//     belongs to the daemon by the ids that both have at its start.
//  4. [Chdir], [Umask]; [CleanEnv] for the environment.
//
// Each step is optional, and harmless when the next process of an upgrade,
// which no longer has the rights, repeats it.
//
// # What is safe
//
// A folder is used only if no user but its owner and root can put files into
// it, or replace it. Any other folder is refused and left unchanged; the
// message says why, and errors.Is(err, [ErrUnsafe]). The folder is checked
// through its descriptor, so it cannot be swapped between check and use.
//
// # Accounts
//
// Users and groups are read from /etc/passwd and /etc/group by this package
// itself: os/user would load the C library where cgo is on, at a cost for every
// worker process. Give accounts kept elsewhere (LDAP, macOS's directory) by
// number.
//
// # Figures
//
// Figures about the process and the machine for a daemon's status: [UserName],
// [GroupName], [Memory], [CPU], [Load]. They cost little and may be called from
// any goroutine.
//
// # Reading order
//
//   - identity.go, accounts.go, names.go: user and group;
//   - runtimedir.go, secret.go: files that other users must not touch;
//   - surroundings.go: the order above, for a daemon; nice_linux.go, drop.go,
//     drop_linux.go, process.go: what a start changes; environ.go; listen.go;
//   - descriptors.go, descriptors_linux.go, invoked.go: how the program was
//     started; version.go: its version;
//   - exit_linux.go: the end of a child;
//   - memory_linux.go, cpu.go, load_linux.go, niceness_linux.go: figures.
//
// Each file ending in _linux.go has a counterpart for other systems, ending in
// _other.go: nice_other.go, drop_other.go, descriptors_other.go,
// memory_other.go, load_other.go, niceness_other.go, and exit_kqueue.go.
//
// # Concurrency
//
// RuntimeDir may run in many processes at once. Nice, Drop, Chdir and Umask
// change the whole process, all threads: call them at the beginning of main.
package host
