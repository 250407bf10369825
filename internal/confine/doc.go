// Package confine makes the kernel hold a [sandbox.Sandbox], in the process
// that is to be confined. It has two moments.
//
// [Birth] comes before any code of the program has run. Landlock then allows
// the files that the setup may open: the outer layer.
//
// [Seal] comes after the setup and before the first call. Landlock then allows
// only the files and ports that functions may open, the inner layer; and
// seccomp only the system calls that functions need, with those arguments that
// are harmless. Last, Seal makes sure that it holds.
//
// # All threads
//
// seccomp restricts all threads of a process at once. Landlock does so since
// Linux 7.0. Before, Go makes each of its threads restrict itself; in a program
// that has C in it (cgo), Go cannot do that. There the main thread restricts
// itself before any other matters, and executes the program again: all threads
// of the new program descend from it. After the setup that is not possible. So
// there such a program has no inner layer.
//
// # What the filter of calls knows
//
// It sees numbers, not what pointers point to. So it decides whether files,
// sockets and programs can be opened at all, and Landlock decides which. Where
// Landlock does not look (stat, UDP, modes of files, ...), the filter refuses
// the call as a whole, or, as stat in a Sandbox with Read, allows it. A call
// that is refused returns EPERM. Calls that are newer than what all
// architectures number alike return ENOSYS, as on an older kernel: libraries
// then use an older call, whose arguments the filter can see. A few calls,
// which no function has a reason for, end the process with SIGSYS; if
// Sandbox.Strict is set, each refused call does. The Go runtime's report about
// that has the call and its arguments in its registers: [Explain] reads them.
//
// # Reading order
//
//   - confine_linux.go: the two moments; plan_linux.go, system_linux.go: how a
//     Sandbox is held, given what the system can do;
//   - landlock_linux.go, paths_linux.go: files and ports;
//   - policy_linux.go, calls_linux.go: which calls; filter_linux.go: the
//     program that the kernel runs for each call; calls_linux_amd64.go,
//     calls_linux_arm64.go: what differs between architectures;
//   - abilities.go, abilities_linux.go: what is told of the system;
//   - probe_linux.go: whether it holds;
//   - explain_linux.go, names_linux.go: which call was forbidden;
//   - hint.go: which field may be why a function got an error;
//   - race.go, norace.go: whether the race detector is built in;
//   - confine_other.go: systems that have no sandbox.
//
// # Concurrency
//
// Missing and Explain may be called from any goroutine. The others are for one
// goroutine, each once.
package confine
