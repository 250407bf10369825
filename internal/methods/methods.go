// Package methods has the methods of every daemon's control socket. They are
// thin: they act on the daemon through Daemon and Pool, interfaces that the
// root package implements.
//
// To add a method, add it to the group in whose file it belongs. If it needs
// something new of the daemon, add that to Daemon here and to its
// implementation in the root's controlled.go. A method does not wait for the
// daemon's loop unless it says so.
//
//   - methods.go: what they have in common
//   - daemon.go: daemon.*
//   - pool.go: pool.*
//   - worker.go: worker.*
//   - capture.go: worker.profile, worker.trace and pool.profile
//   - call.go: func.list, call and call.stream
//   - task.go: task.*
//   - cron.go: cron.*
//   - death.go: death.*
//   - watch.go: event.*, log.* and stats.follow
//   - insight.go: the method watch; look.go: what it shows
//   - eventname.go: the names of types of events
//   - surroundings.go: the daemon's process and machine
//   - reserved.go: names that a program's methods may not have
//   - parts.go: plugin.list, lock.list and config.show
package methods

import (
	"context"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/follow"
	"github.com/legion-go/legion/internal/history"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/internal/watch"
	"github.com/legion-go/legion/status"
)

// Daemon is what the methods need of a daemon. Its methods may be called from
// any goroutine.
type Daemon interface {
	Hello() status.Hello
	Status() status.Daemon      // costs little
	Stats() status.Stats        // with the figures of plugins and handlers
	Figures() status.Stats      // without these: it does not wait
	Glance() []status.PoolStats // without reading memory and processor times again

	Pools() []Pool // in the order of declaration
	Pool(name string) (Pool, error)
	Machine(Pool) (Machine, error) // its workings, if it runs

	Stop(why string) error
	Restart(who string) error
	Reload() error
	Upgrade() (status.Upgrade, error)
	Signal(syscall.Signal) error // does what the daemon does when it gets the signal
	SetLogLevel(slog.Level)
	LogLevel() slog.Level

	Functions() []Function // workers, tasks and streams that can be called by name
	Tasks() *taskruns.Runs // that were started over the control socket
	Live() context.Context // of such runs

	Certificates() *deaths.Registry // of workers that died
	History() *history.History      // how pools did
	Log() *logs.Log
	Events() *follow.Feed[status.Event]
	EventTypes() []status.EventType
	Plugins() *plugins.Set
	Settings() any // the struct of the configuration

	Clients() []control.Client // of the control socket
	Schedule() []Scheduled
	OnLoop(ctx context.Context, fn func() error) error // only while the daemon runs
}

// Pool is a *legion.Supervisor.
type Pool interface {
	Name() string
	Stats() status.PoolStats
	Recent() status.Recent
	Pause() error
	Resume() error
	Readmit(funcs ...string) error
	Stop(context.Context) error
	Recycle() error
	Scale(min, max int) error
	End(ctx context.Context, pid int) error
	Kill(pid int) error
	PauseWorker(pid int) error
	ResumeWorker(pid int) error
	Stack(ctx context.Context, pid int) (string, error)
}

// Machine is a *pool.Pool.
type Machine interface {
	history.Machine
	Calls() (running, waiting []pool.CallInfo) // the oldest first, bounded
	Slowest() []pool.CallInfo                  // of each function
	Capture(ctx context.Context, pid int, kind string, d time.Duration, limit int) ([]byte, error)
	Replay(ctx context.Context, fn string, arg []byte, timeout time.Duration) (*pool.Call, error)
}

// Of returns the methods for d, and what goes on with its history, until ctx
// ends.
func Of(d Daemon) (all []rpc.Method, keep func(ctx context.Context)) {
	c := caller{Daemon: d, replays: make(chan struct{}, maxReplays)}
	c.hub = watch.New((&looker{caller: c}).look)
	for _, group := range [][]rpc.Method{
		c.daemonMethods(), c.poolMethods(), c.workerMethods(), c.captureMethods(), c.callMethods(), c.taskMethods(), c.cronMethods(), c.pathMethods(),
		c.watchMethods(), c.insightMethods(), c.partMethods(), c.deathMethods(),
	} {
		all = append(all, group...)
	}
	return all, func(ctx context.Context) { c.History().Run(ctx, c.measured) }
}

// caller implements the methods on the daemon.
type caller struct {
	Daemon
	hub     *watch.Hub
	replays chan struct{} // those that run
}

// machines returns the pools that run, in the order of declaration.
func (d caller) machines() (all []Machine) {
	for _, p := range d.Pools() {
		if m, err := d.Machine(p); err == nil {
			all = append(all, m)
		}
	}
	return all
}

// measured is machines for the history.
func (d caller) measured() (all []history.Machine) {
	for _, m := range d.machines() {
		all = append(all, m)
	}
	return all
}

// None is for methods without parameters.
type None struct{}

// Look makes a method that only reads.
func Look[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, rpc.Read, fn)
}

// Operate makes a method that operates the daemon.
func Operate[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, rpc.Operate, fn)
}

// Admin makes a method that ends or replaces the daemon.
func Admin[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, rpc.Admin, fn)
}

// Telling limits the log to what says of a method's parameters: the rest may be
// secret.
func Telling[In any](m rpc.Method, what func(In) string) rpc.Method {
	m.Secret, m.Tell = true, func(in any) string { return what(in.(In)) }
	return m
}

// Wrong makes an error about a parameter.
func Wrong(parameter, format string, args ...any) error {
	return &rpc.Error{Code: rpc.CodeParams, Message: parameter + ": " + fmt.Sprintf(format, args...)}
}

// Presentable returns v, a value from the program's code, if v has a JSON form.
// Otherwise it returns why v has none, so that the rest is shown nevertheless.
func Presentable(v any) any {
	if err := bus.Protect(func() error { _, err := strictjson.Marshal(v); return err }); err != nil {
		return err.Error()
	}
	return v
}
