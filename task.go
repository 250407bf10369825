package legion

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// TaskOptions is the configuration of a task. The zero value is usable. Fields
// have the same meaning as in [Pool].
type TaskOptions struct {
	// At most MaxRunning processes run at the same time; further calls wait, at
	// most Queue of them. Default: the number of CPUs. Raise it for many tasks that
	// mostly wait, for a network for instance.
	MaxRunning int
	// Spare is how many processes are kept ready for the next calls, from the first
	// call until none has come for 30 s. A call takes a spare at once, and another
	// is started. Running processes and spares together are at most MaxRunning:
	// with 1, the next spare waits for the end of the call. A reload replaces the
	// spares, because main has run in them; a pause ends them. Default 1; negative:
	// none.
	Spare        int
	Queue        int           // default 1024
	Timeout      time.Duration // default 0: none
	KillGrace    time.Duration // default 500 ms
	Retry        int           // default 0
	MemoryLimit  uint64        // default 0: none
	Procs        int           // default 1
	Nice         int           // default 0
	Files        uint64        // default 0: the daemon's limit
	CPU          float64       // default 0: none
	Threads      int           // default 0: none
	FileSize     uint64        // default 0: the daemon's limit
	NoCore       bool          // default false
	OOMScore     int           // default 500
	User         string        // default: the daemon's
	Env          []string      // default nil: all
	Dir          string        // default: the daemon's
	BootTimeout  time.Duration // default 10 s
	Transport    Transport
	MaxPayload   int64    // default 64 MiB
	KeepArgument int      // default 0: never
	Recorder     Recorder // default: off
	Sandbox      *Sandbox // default nil: none

	OnReturn, OnDied, OnTimeout, OnEnd func(CallEnd)
}

// Task declares fn as a function that gets a new process for every call. The
// process ends with the call, and with it all that fn leaks or breaks. Like
// every function it is declared before Start: the process finds fn by its name,
// and the argument carries all that differs between calls. The future of Go
// also returns the task's State and PID and, by Info, when it started and
// ended. A process takes some milliseconds to start, which Spare hides while
// calls are few; use Worker for frequent calls.
func Task[In, Out any](d *Daemon, name string, fn func(context.Context, In) (Out, error), opts TaskOptions) *Func[In, Out] {
	mustFunc(fmt.Sprintf("task %q", name), fn == nil)
	if !d.isWorker() {
		if err := opts.Validate(); err != nil {
			panic(fmt.Sprintf("legion: task %q: %v", name, err))
		}
	}
	p := d.declare("task", name, opts.pool())
	p.fresh, p.spare = true, max(cmp.Or(opts.Spare, 1), 0)
	e := addFunc(p, "task", name, func(ctx context.Context, _ any, in In) (Out, error) { return fn(ctx, in) })
	return offer("task", &Func[In, Out]{endpoint: e, inline: fn})
}

// Validate returns the mistakes for which Task would panic: each is a
// *FieldError, and errors.Join joins several.
func (o TaskOptions) Validate() error {
	err := o.pool().Validate()
	for at := range fieldErrors(err) {
		at.Of = "TaskOptions"
		if at.Field == "Max" {
			at.Field = "MaxRunning"
		}
	}
	return err
}

// pool returns the pool behind a task.
func (o TaskOptions) pool() Pool {
	return Pool{
		Max: o.MaxRunning, Spawn: Lazy, IdleTimeout: 30 * time.Second, Queue: o.Queue, Timeout: o.Timeout, KillGrace: o.KillGrace,
		Retry: o.Retry, MemoryLimit: o.MemoryLimit, Procs: o.Procs, Nice: o.Nice, Files: o.Files,
		CPU: o.CPU, Threads: o.Threads, FileSize: o.FileSize, NoCore: o.NoCore, OOMScore: o.OOMScore, User: o.User, Env: o.Env, Dir: o.Dir,
		BootTimeout: o.BootTimeout, Transport: o.Transport, MaxPayload: o.MaxPayload, Buffer: minBuffer, KeepArgument: o.KeepArgument, Recorder: o.Recorder, Sandbox: o.Sandbox,
		OnReturn: o.OnReturn, OnDied: o.OnDied, OnTimeout: o.OnTimeout, OnEnd: o.OnEnd,
	}
}
