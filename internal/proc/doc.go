// Package proc starts, limits, signals, stops and reaps one child process: the
// same program, executed again.
//
// # Daemon's side
//
// [Start] executes /proc/self/exe (elsewhere: os.Executable) with the daemon's
// own arguments, environment and working directory, in its own process group,
// and returns a [Process]. Its [Process.Done] channel is closed exactly once:
// when the child has been reaped, everything it printed has been delivered, and
// [Process.Exit] is ready.
//
// # Child's side
//
// The child gets its instructions in one environment variable, the marker. It
// is read and removed while this package is initialised, that is, before main
// and before the initialisation of every package that imports this one. By then
// the child has tied its life to the daemon's, set its limits and redirected
// its crash output. [Self] describes the child; in a process that is not a
// child it is nil, at the cost of one getenv. A child that cannot confine
// itself prints the reason to stderr and exits with [ExitRefused]; user code
// never runs unconfined.
//
// # Lifeline
//
// Each child inherits the read end of a pipe whose write end only the daemon
// has. On Linux the child asks the kernel to send SIGKILL to its whole group
// when that pipe reports an event; the only possible event is that the write
// end was closed, because the daemon is gone. No code in the child has to run
// for this, so it works for a hung or stopped child, and it also ends the
// child's own children. The daemon keeps the read end open too, and the child
// closes its own once this is armed: so no code in the child can disarm it, and
// it works for a child that executes another program. Pdeathsig covers the time
// before, and a child that has left its group. Elsewhere a goroutine of the
// child reads the pipe.
//
// # Groups
//
// The group is killed while its leader is dead but not reaped, so that its
// number cannot belong to another group. A grandchild that made its own session
// or group escapes this, but not the cgroup, if it has one. A cookie in its
// environment identifies its owner. A living daemon adopts the processes that
// its children leave behind, and ends them: [Adopt], [EndEscaped]. The
// leftovers of a killed daemon are ended by the next one: [EndLeftovers]. A
// process with another environment than its parent, and without a cgroup, is
// not found.
//
// # Reading order
//
//   - spec.go, limits.go: the configuration of a child; environ.go, user.go:
//     its environment and its user; strict.go: what its sandbox adds;
//     rlimit_signed.go, rlimit_unsigned.go: the type of a limit;
//     capabilities.go: what the system lets this package do;
//   - start.go, process.go, quit_linux.go, kin.go: the life of a child;
//     exit.go, maxrss_darwin.go, maxrss_other.go: how it ended;
//   - sealed.go: the sandbox of a child;
//   - marker.go, fields.go, child.go, deaf.go, oom_linux.go: the other side;
//     testbinary.go: children of test binaries;
//   - pipe.go, output.go: its output; crash.go, crash_temp.go, datarace.go,
//     detector_on.go, detector_off.go, stacks.go: its reports at its end;
//   - memory_linux.go, tracer_linux.go: its figures;
//   - controller.go, cgroup_settings_linux.go, cgroup_find_linux.go,
//     cgroup_linux.go: limits that bind it together with the processes that it
//     has started;
//   - cgroup_sweep_linux.go, cookie_linux.go, orphans_linux.go: the cleaning up
//     of those.
//
// Each file ending in _linux.go, also of start, process, kin, child, crash,
// user and capabilities, has a stub ending in _other.go, which says what is
// missing there: start_linux.go and start_other.go, process_linux.go and
// process_other.go, kin_linux.go and kin_other.go, child_linux.go and
// child_other.go, sealed_linux.go and sealed_other.go, crash_linux.go and
// crash_other.go, user_linux.go and user_other.go, capabilities_linux.go and
// capabilities_other.go; oom_other.go, memory_other.go, tracer_other.go,
// cgroup_other.go, orphans_other.go.
//
// # Concurrency
//
// Everything exported is safe for use from any goroutine. One goroutine, locked
// to its thread forever, starts all children, because Pdeathsig follows the
// thread. Each Process has one goroutine that waits for its end, and one for
// each stream that is read.
package proc
