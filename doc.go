// Package legion runs Go functions in supervised worker processes.
//
// A goroutine cannot be stopped from outside, and its failure can end the whole
// program: a segmentation fault in C code, a concurrent map write, os.Exit, a
// decoder that takes all memory. A process can be limited, killed and replaced.
// Legion makes a call into another process look like a function call, and the
// caller always gets an answer.
//
// The sections below cover, in this order: declaring, starting and stopping,
// arguments and results, calling, errors, pools, the loop, events, the life of
// a daemon, operating it, other shapes of functions, tests, concurrency.
//
// # Declaring
//
// [New] makes a daemon. [Worker] declares that a plain function runs in worker
// processes, and returns a [Func] to call it:
//
//	d := legion.New(legion.Config{Name: "squares"})
//	squares := legion.Worker(d, "square", square, legion.Pool{Max: 2, Timeout: time.Second, MemoryLimit: 256 << 20})
//
// A worker process is the same program, executed again with the same arguments
// and environment. Its main runs too, makes the same declarations, and calls
// [Daemon.Start] or [Daemon.Run], which serve calls there and never return.
// Code before them runs in every process: read flags and declare, do nothing
// else. Put code for the daemon alone after Start, or into [Daemon.Init]. Every
// process must make the same declarations.
//
// A mistake in a declaration panics: a name that is taken, an impossible limit,
// a type that cannot travel. A failure at run time is an error.
//
// # Starting and stopping
//
// [Daemon.Start] returns when every pool has its minimum of workers, and the
// program continues. [Daemon.Run] starts, waits for SIGTERM, SIGINT or the end
// of its context, and stops. [Daemon.Stop] finishes the running calls, cancels
// them when little of Config.StopTimeout is left, and kills workers that do not
// end. If the daemon itself is killed, the kernel kills its workers and their
// children (on Linux).
//
// # Arguments and results
//
// Arguments and results are copied: basic kinds, slices, arrays, maps,
// pointers, structs by their exported fields, time.Time, and types that marshal
// themselves to binary or text. Interfaces, functions and channels do not
// travel: declaring such a type panics with the path of the field. A []byte or
// string travels without a codec. A closure sees the worker's own copy of the
// variables that it captured, as they were when the worker's main declared it.
//
// Bytes that all workers read, such as a model or an index, are loaded once and
// shared: [Share].
//
// The end and deadline of the caller's context reach the function, its values
// do not.
//
// # Calling
//
// [Func.Call] waits for the result. [Func.Go] returns a [Future] at once.
// [Func.Inline] runs the function in the calling goroutine, without any
// protection. A function may tell with [Progress] how far it is.
//
// Each call ends exactly once: with a result, with an error of the function, or
// with a [WorkerError]. The function starts at most once for each call, unless
// Pool.Retry declares it idempotent. If a worker dies before it starts a call,
// the call goes to another worker.
//
// When Pool.Timeout passes or the caller's context ends, the function's context
// ends. If the function then returns within Pool.KillGrace, its worker lives
// on. If not, Legion records the stacks of the process, kills it, and gives the
// caller the stacks with the error. When a call has returned, its function has
// ended.
//
// # Errors
//
// An error returned by the function is a *[RemoteError]. It has the error's
// text and, if [RegisterError] gave it one, its code, by which errors.Is
// recognizes it. Every other error is a *[WorkerError] that matches one of
// [ErrTimeout], [ErrCanceled], [ErrCrashed], [ErrOutOfMemory], [ErrForbidden],
// [ErrPanicked], [ErrPoisoned], [ErrQueueFull], [ErrPoolFailed], [ErrStopped]
// and [ErrRefused], and, if the worker died, says how: exit code or signal, the
// reason for a kill, the stacks, its last lines of standard error. If the
// caller's own context ended the call, the error matches context.Canceled or
// context.DeadlineExceeded, too.
//
// The error of a panic or a crash, and its log record, are one line that names
// the function, the file and the line. The stacks are in WorkerError.Stack, and
// in the events [event.WorkerExited] and [event.Failure]. The log has the
// stacks of panics on the loop and, at level debug, the output of a dying
// worker.
//
// If the program does not ask for the result of a call made with Go, a failure
// is logged and becomes an [event.Failure] event; see [Future].
//
// # Pools
//
// A pool has Min to Max workers and one queue, which stays in the daemon.
// [Pool] lists its limits: the time of a call, the memory, CPU time, threads
// and files of a worker, the calls and age after which a worker is replaced,
// the deaths after which the pool fails. A worker serves until its replacement
// is ready. [Supervisor], which Func.Pool and Daemon.Pool return, pauses,
// stops, scales, recycles, configures and kills at run time; [Daemon.Stats] and
// [Supervisor.Recent] report on it, and [Daemon.Deaths] has a certificate of
// each worker that died, with why: docs/deaths.md. [Self] identifies the worker
// to the code that runs in it.
//
// Pool.Sandbox confines what its functions do: [Locked] lets them compute and
// do nothing else. It takes hold after the worker's setup and before its first
// call. Workers of InProcess, and calls made with Inline, are not confined.
//
// # The loop
//
// A daemon has one loop. It runs, one at a time, the functions given to
// [Daemon.Init], [Daemon.Every], [Daemon.Cron], [Daemon.Teardown], [On],
// [Future.Then] and the hooks of a pool, so they need no locks. The n-th call
// of Every is due n intervals after the first, without drift. Do slow work in a
// worker: a function that blocks the loop delays the others there, but no call
// and no other goroutine.
//
// # Events
//
// An event is a value, and its Go type is its topic: [event.Signal],
// [event.WorkerExited], [event.Failure], *[event.Log], or any type of your own.
// [On] adds a handler, [Emit] calls the handlers. A handler that returns
// [StopPropagation] keeps later handlers from being called and, where the type
// says so, vetoes Legion's default action:
//
//	legion.On(d, func(_ context.Context, s event.Signal) error {
//		if s.Signal != syscall.SIGUSR1 {
//			return nil
//		}
//		fmt.Println("  a handler makes something else of it: no statistics in the log")
//		return legion.StopPropagation
//	})
//
// # The life of a daemon
//
// [Config] sets the daemon's environment: background, user, working directory,
// log, signals. [Daemon.Use] adds a [Plugin], which starts and stops with the
// daemon; packages lock, config and systemd are plugins. [Daemon.Reload],
// SIGHUP, reads configuration and log files again and replaces the workers one
// by one. [Daemon.Upgrade], SIGUSR2, starts the new program beside this
// process, which ends once the new one serves. Listeners made with
// [Daemon.Serve] and [Daemon.Listen], or by package httpserve, stay open, so no
// connection is refused. If the new process fails, this one stays. Where the
// process id must not change, the new program is tried first and then executed
// in this process: [PIDPolicy].
//
// The guide to all of this is docs/daemon.md, next to this package.
//
// # Operating it
//
// A daemon listens on a control socket, [Config].Control. Operators and other
// programs use it to watch and steer the daemon, as far as [Config].Access
// permits. [Method] adds a method that runs on the loop; [Expose] turns a
// function of the workers into one. Package cli is its command line, package
// client its interface for programs; docs/control.md is the reference. Package
// meter has counters, gauges and histograms for the program's own figures:
// workers count in them, and the daemon keeps the sums when workers die.
// Package metrics shows these and all others to Prometheus.
//
// # Other shapes of functions
//
// [NewWorkers] and [Handle] declare methods of a value that each worker process
// makes once, such as a model or a connection; with a method Loop, the worker
// also acts by itself. [Task] gives each call a process of its own.
// [StreamWorker] declares a function whose result is a sequence.
//
// # Tests
//
// Package legiontest turns a test binary into a daemon with real workers.
// [Daemon.InProcess] runs workers as goroutines instead.
//
// # Concurrency
//
// All methods of [Daemon], [Func], [Stream], [Future], [Workers] and
// [Supervisor] may be used from any goroutine, with one exception: make
// declarations (Worker, NewWorkers, Handle, Task, StreamWorker, Share, Init,
// Teardown, Every, Cron, Listen, Serve, Use, UseLazy and InProcess) from a
// single goroutine, before Start. A worker runs Pool.Concurrency calls at a
// time, 1 by default; calls in different workers run at the same time and share
// no memory.
//
// Called on the loop, Stop begins the stop and returns; Wait, Reload and
// Upgrade return an error there. In a worker process all of these, and calls,
// return an error: only the daemon's own process can do that.
package legion
