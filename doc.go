// Package legion runs Go functions in supervised worker processes.
//
// A goroutine cannot be stopped from outside, and what ends it can end the whole
// program: a segmentation fault in C code, a concurrent map write, os.Exit, a
// decoder that takes all memory. A process can be limited, killed and replaced.
// Legion makes calling a function in another process look like calling a
// function, and always gives the caller an answer.
//
// Read on in this order: declaring, starting, what travels, calling, errors,
// pools, the loop, events, the life of a daemon, operating it, other shapes of
// functions, tests, concurrency.
//
// # Declaring
//
// [New] begins a daemon; [Worker] declares a plain function as one that runs in
// worker processes, and returns a [Func] to call it with:
//
//	d := legion.New(legion.Config{Name: "squares"})
//	squares := legion.Worker(d, "square", square, legion.Pool{Max: 2, Timeout: time.Second, MemoryLimit: 256 << 20})
//
// A worker process is the same program, executed again with the same arguments
// and environment. Its main runs too, declares the same functions, and comes to
// [Daemon.Start] or [Daemon.Run], which never return there: they serve. So what
// stands before them runs in every process: read flags and declare, do nothing
// else. What only the daemon should do stands after Start, or in [Daemon.Init].
// Every process must come to the same declarations.
//
// A mistake in a declaration panics: a name that is taken, a limit that cannot
// be, a type that cannot travel. Everything at run time is an error.
//
// # Starting and stopping
//
// [Daemon.Start] returns when every pool has the workers that it always keeps;
// then an existing program goes on with what it does. [Daemon.Run] starts, waits
// for SIGTERM, SIGINT or the end of its context, and stops. [Daemon.Stop]
// finishes the calls that run, cancels them when little of Config.StopTimeout is
// left, and kills what does not obey. If the daemon itself is killed, the kernel
// kills its workers and their children (on Linux).
//
// # What travels
//
// Arguments and results are copied: basic kinds, slices, arrays, maps, pointers,
// structs by their exported fields, time.Time, and types that marshal themselves
// to binary or text. Interfaces, functions and channels do not travel: declaring
// such a type panics with the path of the field. A []byte or string travels
// without a codec. A function that is a closure sees the worker's own copy of
// what it captured, as it was when the worker's main declared it.
//
// Of the caller's context, its end and its deadline travel; its values do not.
//
// # Calling
//
// [Func.Call] waits for the result. [Func.Go] returns a [Future] at once.
// [Func.Inline] runs the function in the calling goroutine, without any
// protection.
//
// Each call ends exactly once: with a result, with an error of the function, or
// with a [WorkerError]. A function is started at most once for each call, unless
// Pool.Retry declares it idempotent. A call that was given to a worker which
// died before it started that call goes to another worker.
//
// When Pool.Timeout passes or the caller's context ends, the function's context
// ends. A function that returns then keeps its worker alive. One that does not
// return within Pool.KillGrace has the stacks of its process written down, and
// the process is killed; its caller gets them with the error. So a call that has
// returned is not running any more.
//
// # Errors
//
// An error that the function returned is a *[RemoteError]: its text, and its
// code if [RegisterError] gave it one, by which errors.Is knows it again. All
// else is a *[WorkerError] that matches one of [ErrTimeout], [ErrCanceled],
// [ErrCrashed], [ErrOutOfMemory], [ErrPanicked], [ErrPoisoned], [ErrQueueFull],
// [ErrPoolFailed], [ErrStopped] and [ErrRefused], and says how the worker died
// if it did: exit code or signal, who killed it, the stacks, its last lines of
// standard error. A call that the caller's own context has ended matches
// context.Canceled or context.DeadlineExceeded, too.
//
// The text of an error of a panic or a crash is one line with the function, the
// file and the line where it was, and so is its line in the log. The stacks are in
// WorkerError.Stack, and in the events [event.WorkerExited] and [event.Failure]; the log has
// those of panics on the loop, and at level debug what a dying worker prints.
//
// A failure of a call made with Go that the program does not ask for is logged and
// becomes an [event.Failure] event; see [Future].
//
// # Pools
//
// A pool has Min to Max workers and one queue, which stays in the daemon. [Pool]
// lists its limits: time, memory, calls and age after which a worker is
// replaced, deaths after which the pool gives up. A worker that is replaced
// serves until its replacement is ready. [Supervisor], which Func.Pool and
// Daemon.Pool return, pauses, stops, scales, recycles, configures and kills at run
// time; [Daemon.Stats] and [Supervisor.Recent] tell how it goes. A worker asks
// [Self] which one it is.
//
// # The loop
//
// A daemon has one loop. It runs, one at a time, everything that was given to
// [Daemon.Init], [Daemon.Every], [Daemon.Cron], [Daemon.Teardown], [On],
// [Future.Then] and the hooks of a pool, so these need no locks among each other.
// The n-th call of Every is due n intervals after the first: no drift. What takes
// long belongs into a worker; a function that blocks the loop holds up the others
// there, but no call and no other goroutine.
//
// # Events
//
// An event is a value, and its Go type is its topic: [event.Signal], [event.WorkerExited],
// [event.Failure], *[event.Log], or any type of your own. [On] adds a handler, [Emit] has the
// handlers called. A handler that returns [StopPropagation] keeps later ones from
// being called and, where the type says so, vetoes what Legion would do:
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
// [Config] says what surrounds the daemon: background, user, working directory,
// log, signals. [Daemon.Use] adds a [Plugin], which starts and stops with it;
// packages lock, config and systemd are plugins. [Daemon.Reload], SIGHUP, reads
// again what can be read again and replaces the workers one by one.
// [Daemon.Upgrade], SIGUSR2, starts the new program beside this process, which
// goes when that one serves; listeners made with [Daemon.Serve] and
// [Daemon.Listen], or by package httpserve, go on, so that no connection is
// refused. If the new process fails, this one stays. Where the process id must
// stay, the new program is tried, and then executed in this process: [PIDPolicy].
//
// A guide to all of it is docs/daemon.md, next to this package.
//
// # Operating it
//
// A daemon listens on a control socket, [Config].Control, on which operators and
// other programs look at it and steer it, as far as [Config].Access lets them.
// [Method] adds a method that runs on the loop, [Expose] makes a function of the
// workers one. Package cli is the command line over it, package client is for
// programs; docs/control.md is the reference.
//
// # Other shapes of functions
//
// [NewWorkers] and [Handle] declare methods of a value which each worker process
// makes once: a model, a connection; with a method Loop it does something by
// itself, too. [Task] gives each call a process of its own.
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
// [Supervisor] may be used from any goroutine, with one exception: declarations
// (Worker, NewWorkers, Handle, Task, StreamWorker, Init, Teardown, Every, Cron,
// Listen, Serve, Use, UseLazy and InProcess) come from one goroutine, before
// Start. A worker runs
// Pool.Concurrency calls at a time, 1 by default; calls in different workers run
// at the same time and share no memory.
//
// Called on the loop, Stop only begins to stop. Wait must not be called there: it
// would wait for itself. Reload and Upgrade are refused there.
package legion
