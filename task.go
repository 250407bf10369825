package legion

import (
	"context"
	"fmt"
	"time"
)

// TaskOptions say how a task runs. Its zero value is usable. Fields have the
// meaning that they have in [Pool].
type TaskOptions struct {
	// MaxRunning processes run at the same time; further calls wait, as many as
	// Queue. Default: the number of CPUs. A program that starts many tasks which
	// wait for something else, a network for instance, raises it.
	MaxRunning  int
	Queue       int           // default 1024
	Timeout     time.Duration // default 0: none
	KillGrace   time.Duration // default 500 ms
	Retry       int           // default 0
	MemoryLimit uint64        // default 0: none
	Procs       int           // default 1
	Nice        int           // default 0
	Files       uint64        // default 0: as the daemon
	BootTimeout time.Duration // default 10 s
	Transport   Transport
	MaxPayload  int64 // default 64 MiB

	OnReturn, OnDied, OnTimeout, OnEnd func(CallEnd)
}

// Task declares fn as a function that gets a fresh process for every call,
// which ends with it: nothing that it leaves behind, leaks or breaks outlives
// it. Like every function it is declared before Start: the process finds fn by
// its name, and what differs from call to call travels in the argument. The
// future of Go also tells its State and PID, and with Info when its process
// began and ended to work. A process takes some milliseconds to start; use
// Worker for what is called often.
func Task[In, Out any](d *Daemon, name string, fn func(context.Context, In) (Out, error), opts TaskOptions) *Func[In, Out] {
	mustFunc(fmt.Sprintf("task %q", name), fn == nil)
	if err := opts.Validate(); err != nil {
		panic(fmt.Sprintf("legion: task %q: %v", name, err))
	}
	p := d.declare("task", name, opts.pool(), true)
	e := addFunc(p, "task", name, func(ctx context.Context, _ any, in In) (Out, error) { return fn(ctx, in) })
	return offer("task", &Func[In, Out]{endpoint: e, inline: fn})
}

// Validate says what Task would refuse: each mistake is a *FieldError, and
// errors.Join makes one of several.
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
		Max: o.MaxRunning, Spawn: Lazy, Queue: o.Queue, Timeout: o.Timeout, KillGrace: o.KillGrace,
		Retry: o.Retry, MemoryLimit: o.MemoryLimit, Procs: o.Procs, Nice: o.Nice, Files: o.Files,
		BootTimeout: o.BootTimeout, Transport: o.Transport, MaxPayload: o.MaxPayload, Buffer: minBuffer,
		OnReturn: o.OnReturn, OnDied: o.OnDied, OnTimeout: o.OnTimeout, OnEnd: o.OnEnd,
	}
}
