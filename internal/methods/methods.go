// Package methods has the methods that each daemon has on its control socket.
// They are thin: what they do to the daemon is in Daemon and Pool, interfaces
// that the root package implements.
//
// To add a method, add it to the group in whose file it belongs, and if it
// needs something new of the daemon, to Daemon here and to its implementation
// in the root's controlled.go. None of the methods waits for the daemon's loop,
// except those that say so.
//
//   - methods.go: what all have in common
//   - daemon.go: daemon.*
//   - pool.go: pool.*
//   - worker.go: worker.*
//   - call.go: func.list, call and call.stream
//   - task.go: task.*
//   - cron.go: cron.*
//   - watch.go: event.*, log.* and stats.follow
//   - eventname.go: what types of events are called
//   - parts.go: plugin.list, lock.list and config.show
package methods

import (
	"context"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/internal/follow"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/strictjson"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/status"
)

// Daemon is what the methods need of a daemon. All of it may be called from any
// goroutine.
type Daemon interface {
	Hello() status.Hello
	Status() status.Daemon // costs little
	Stats() status.Stats   // with what plugins and handlers add
	Figures() status.Stats // without that: it waits for nothing

	Pools() []Pool // in the order of declaration
	Pool(name string) (Pool, error)

	Stop(why string) error
	Restart(who string) error
	Reload() error
	Upgrade() (status.Upgrade, error)
	Signal(syscall.Signal) error // does what the daemon does when it gets the signal
	SetLogLevel(slog.Level)
	LogLevel() slog.Level

	Functions() []Function // of workers, tasks and streams, that can be called by name
	Tasks() *taskruns.Runs // that were started over the control socket
	Live() context.Context // of such runs

	Log() *logs.Log
	Events() *follow.Feed[status.Event]
	EventTypes() []status.EventType
	Plugins() *plugins.Set
	Settings() any // the struct of the configuration

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
	Stop(context.Context) error
	Recycle() error
	Scale(min, max int) error
	End(ctx context.Context, pid int) error
	Kill(pid int) error
	PauseWorker(pid int) error
	ResumeWorker(pid int) error
	Stack(ctx context.Context, pid int) (string, error)
}

// Of returns the methods for d.
func Of(d Daemon) (all []rpc.Method) {
	c := caller{d}
	for _, group := range [][]rpc.Method{
		c.daemonMethods(), c.poolMethods(), c.workerMethods(), c.callMethods(), c.taskMethods(), c.cronMethods(),
		c.watchMethods(), c.partMethods(),
	} {
		all = append(all, group...)
	}
	return all
}

// caller is the daemon, for the methods.
type caller struct{ Daemon }

// None are the parameters of a method without any.
type None struct{}

// Look is a method that only looks.
func Look[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, rpc.Read, fn)
}

// Operate is a method that steers.
func Operate[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, rpc.Operate, fn)
}

// Admin is a method that ends or replaces the daemon.
func Admin[In, Out any](name, help string, fn func(context.Context, In) (Out, error)) rpc.Method {
	return rpc.Typed(name, help, rpc.Admin, fn)
}

// Telling has the log tell of a method's parameters no more than what says: the
// rest may be secret.
func Telling[In any](m rpc.Method, what func(In) string) rpc.Method {
	m.Secret, m.Tell = true, func(in any) string { return what(in.(In)) }
	return m
}

// Wrong is an error about a parameter.
func Wrong(parameter, format string, args ...any) error {
	return &rpc.Error{Code: rpc.CodeParams, Message: parameter + ": " + fmt.Sprintf(format, args...)}
}

// Presentable returns v, which the program's code has made, if v has a JSON
// form. Otherwise it returns why v has none: all the rest is shown
// nevertheless.
func Presentable(v any) any {
	if err := bus.Protect(func() error { _, err := strictjson.Marshal(v); return err }); err != nil {
		return err.Error()
	}
	return v
}
