// Package pool keeps a set of worker processes alive and gives calls to them.
//
// Read it in this order:
//
//   - config.go and choice.go: how a pool behaves; configure.go: what can be
//     changed later;
//   - call.go: a call, and how it ends;
//   - core.go: the supervisor as a pure state machine. Its inputs are methods
//     (a call was submitted, a worker became ready, a process ended, time has
//     passed), its output is an [effects] value: what to send, start, signal
//     and answer (effects.go). It knows no process, no clock and no lock, so
//     that histories_test.go can put it through thousands of random histories;
//   - the core's parts, one concern each: dispatch.go (calls to workers) with
//     list.go (the queue), rules.go (what time makes due), ladder.go (a call
//     that must end) with cause.go, heartbeat.go, supervise.go (how many
//     workers there are), spare.go (processes that wait for their only call),
//     deaths.go (what their ends mean), poison.go (functions whose calls end
//     workers), recycle.go and roll.go (replacing them), stuck.go (processes
//     that SIGKILL does not end), drain.go (the end), stats.go with reason.go
//     (why workers leave), running.go (which calls run, and since when), cpu.go
//     (the processor time of functions), histogram.go, figures.go,
//     slowest.go (calls that took long) and status.go;
//   - pool.go, submit.go, reader.go, steer.go, end.go, recent.go, calls.go,
//     measure.go, watch.go, member.go, protocol.go (what a worker may send, and
//     when), progress.go, aside.go, certificate.go and why.go (what is known of
//     a death), tell.go, replay.go (a call of which a worker died, again),
//     stack.go, capture.go (profiles and traces), recording.go (those of a
//     worker that was killed) and buffers.go (bytes that are in memory shared
//     with a worker): the shell. [Pool] guards the core with one mutex and
//     carries out its effects after unlocking; a member is one process with its
//     link. Processes come from a [Launcher], so that workers can be processes,
//     or goroutines (goroutine.go).
//
// # Guarantees
//
// Every submitted call ends exactly once. A call that a worker started is never
// started again, unless the pool says that its calls are idempotent
// ([Config].Retry). A call that was given to a worker but not started when the
// worker died goes to another worker: the worker marks each start in shared
// memory, see package link.
//
// # Concurrency
//
// All methods of [Pool] may be used from any goroutine. The mutex is held only
// for decisions: never while a payload is copied, a process is started or a
// caller is woken.
package pool
