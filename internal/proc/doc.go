// Package proc starts, limits, signals, stops and reaps one child process: the same program, executed again.
//
// # Daemon's side
//
// [Start] executes /proc/self/exe (elsewhere: os.Executable) with the daemon's own arguments, environment and working
// directory, in a process group of its own, and returns a [Process]. Its [Process.Done] channel is closed exactly once:
// when the child has been reaped, everything it printed has been delivered, and [Process.Exit] is ready to be read.
//
// # Child's side
//
// What the child needs to know travels in one environment variable, the marker. It is read and removed while this
// package is initialised, that is, before main and before the initialisation of every package that imports this one.
// By then the child has tied its life to the daemon's, set its limits and redirected its crash output. [Self] tells
// what it was started for; in a process that is no child it is nil, and the whole cost was one getenv. A child that
// cannot confine itself says why on stderr and exits with [ExitRefused]; user code never runs unconfined.
//
// # Lifeline
//
// Each child inherits the read end of a pipe whose write end only the daemon has. On Linux the child asks the kernel
// to send SIGKILL to its whole group when that pipe reports an event; the only event there can be is that the write
// end was closed, because the daemon is gone. Nothing in the child has to run for that, so it works for one that is
// wedged or stopped, and it takes the child's own children along. The daemon keeps the read end open too, so that this
// works for a child that has closed it or executes another program. Pdeathsig covers the moment before this is armed,
// and a child that has left its group. Elsewhere a goroutine of the child reads the pipe.
//
// # Groups
//
// The group is killed while its leader is dead but not reaped, so that its number cannot belong to anybody else.
// A grandchild which made a session or group of its own escapes this, but not the memory cgroup, where there is one. A
// cookie in its environment says whose it is. While the daemon lives, it adopts what its children leave behind, and ends
// it: [Adopt], [EndEscaped]. What is left when the daemon is killed, the next one ends: [EndLeftovers]. A process that has
// another environment than its parent, and had no memory cgroup, is not found.
//
// # Reading order
//
//   - spec.go: what is asked for; rlimit_signed.go, rlimit_unsigned.go: the type of
//     a limit; capabilities.go: what the system lets this package do;
//   - start.go, process.go, kin.go: the life of a child; exit.go, maxrss_darwin.go,
//     maxrss_other.go: how it ended;
//   - marker.go, child.go, deaf.go, oom_linux.go: the other side; testbinary.go: a
//     child that is a test;
//   - pipe.go, output.go: what it prints; crash.go, crash_temp.go, datarace.go,
//     detector_on.go, detector_off.go, stacks.go: how it tells of its own end;
//   - memory_linux.go, tracer_linux.go: what is asked about it;
//   - cgroup_linux.go, cgroup_find_linux.go, cookie_linux.go, orphans_linux.go: how
//     nothing that it has started is left.
//
// What is in a file ending in _linux.go, of start, process, kin, child, crash and
// capabilities too, has a stub in one ending in _other.go, which says what is
// missing there: start_linux.go and start_other.go, process_linux.go and
// process_other.go, kin_linux.go and kin_other.go, child_linux.go and
// child_other.go, crash_linux.go and crash_other.go, capabilities_linux.go and
// capabilities_other.go; oom_other.go, memory_other.go, tracer_other.go,
// cgroup_other.go, orphans_other.go.
//
// # Concurrency
//
// Everything exported is safe for use from any goroutine. All children are started from one goroutine, locked to its
// thread for ever, because Pdeathsig follows the thread. Each Process has one goroutine that waits for its end, and one
// for each stream that is read.
package proc
