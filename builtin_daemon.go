package legion

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

// controlProtocol is the version of what the control socket speaks.
const controlProtocol = 1

func (d *Daemon) hello() status.Hello {
	v := versions()
	h := status.Hello{
		Name: d.config.Name, Version: d.version(), Legion: v.legion, Protocol: controlProtocol, Go: runtime.Version(),
		PID: os.Getpid(), PIDStays: d.pidStays(), State: d.stateName(),
		Embedded: d.embedded(),
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if h.Started = d.startedAt; !h.Started.IsZero() {
		h.Uptime = time.Since(h.Started)
	}
	return h
}

// versions are those of the program and of Legion in it, as the build has
// written them.
var versions = sync.OnceValue(func() (v struct{ program, legion string }) {
	v.program, v.legion = "(devel)", "(devel)"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.program = info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v.program == "(devel)" {
			v.program += " " + s.Value
		}
	}
	if info.Main.Path == module {
		v.legion = info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == module {
			v.legion = m.Version
		}
	}
	return v
})

// status is asked for often, by many: it is made without reading a file for each worker.
func (d *Daemon) status() status.Daemon {
	s := d.figures()
	out := status.Daemon{
		Name: s.Name, PID: s.PID, State: s.State, Healthy: s.Healthy, Unhealthy: s.Unhealthy, Version: d.version(), Uptime: s.Uptime, User: s.User, Host: s.Host, CPU: s.CPU,
		Load: s.Load, Loop: s.Loop, Log: s.Log, Pools: []status.Pool{}, Control: d.control.addresses(),
	}
	out.RestartNeeded = d.restartNeeded()
	if what, since := d.turn.Now(); what != "" {
		out.Changing, out.ChangingFor = what, time.Since(since)
	}
	out.Memory, _ = host.Memory()
	for _, p := range d.pools {
		in := p.summary()
		out.Workers += in.Size
		out.Pools = append(out.Pools, status.Pool{
			Name: in.Name, Kind: p.kind(), State: in.State.String(), Reason: in.Reason, Min: in.Min, Max: in.Max, Ready: in.Serving,
			Queued: in.Queued, Running: in.Running, Calls: in.Calls, Restarts: in.Deaths,
			Errors: in.Failed + in.Panicked + in.Refused + in.Timeout + in.Canceled + in.Crashed + in.Dropped,
		})
	}
	return out
}

// daemonMethods are those about the daemon as a whole.
func (d *Daemon) daemonMethods() []rpc.Method {
	stop := func(ctx context.Context, _ none) (bool, error) {
		if err := d.stopBy("asked for by " + CallerOf(ctx).Name); err != nil {
			return false, err
		}
		return true, nil
	}
	return []rpc.Method{
		look("daemon.hello", "Who is here: name, versions, pid and state.", func(context.Context, none) (status.Hello, error) { return d.hello(), nil }),
		look("daemon.status", "A summary of the daemon and its pools.", func(context.Context, none) (status.Daemon, error) { return d.status(), nil }),
		look("daemon.stats", "All figures, and those of plugins and handlers.", func(context.Context, none) (status.Stats, error) {
			s := d.Stats()
			for _, foreign := range []map[string]any{s.Plugins, s.Extra} {
				for name, v := range foreign {
					foreign[name] = presentable(v)
				}
			}
			return s, nil
		}),
		look("daemon.ps", "The processes of the daemon.", func(context.Context, none) ([]status.Process, error) { return d.processes(), nil }),
		operate("daemon.stack", "The stacks of all goroutines of the daemon's process.", func(context.Context, none) (stackOf, error) {
			return stackOf{Stack: ownStacks()}, nil
		}),
		admin("daemon.stop", "Begins to stop the daemon: calls that run are finished, then workers end.", stop),
		admin("daemon.shutdown", "The same as daemon.stop; the result is 0.", func(ctx context.Context, in none) (int, error) {
			_, err := stop(ctx, in)
			return 0, err
		}),
		admin("daemon.restart", "Stops the daemon and starts it anew, in the same process id. Calls in the meantime find nobody: use daemon.upgrade to lose none.",
			func(ctx context.Context, _ none) (bool, error) {
				return true, d.restartBy(d.closing, CallerOf(ctx).Name)
			}),
		operate("daemon.reload", "Reads again what can be read again, reopens logs and replaces the workers one by one. Returns when the new ones serve.",
			func(context.Context, none) (bool, error) { return true, d.Reload(d.closing) }), // a client that goes away does not end it half-way
		admin("daemon.upgrade", "Replaces the daemon by a new process of the program that now stands at its path, without losing a call.",
			func(context.Context, none) (upgradeResult, error) { return d.upgrade(d.closing) }), // nor this
		operate("daemon.loglevel", "Returns the level below which records are left out of the log, and sets it first if one is given.", d.setLevel),
		admin("daemon.signal", "Does what the daemon does when it gets that signal.", d.signalled),
	}
}

type stackOf struct {
	PID   int    `json:"pid,omitzero"`
	Pool  string `json:"pool,omitzero"`
	Stack string `json:"stack"`
}

// maxStacks bounds what a method tells of stacks, in bytes.
const maxStacks = 1 << 20

func ownStacks() string {
	buf := make([]byte, maxStacks)
	return string(buf[:runtime.Stack(buf, true)])
}

type levelIn struct {
	Level *string `json:"level" usage:"debug, info, warn, error, or one of these with a number added: info+2"`
}

type levelOut struct {
	Level string `json:"level"`
}

func (d *Daemon) setLevel(_ context.Context, in levelIn) (levelOut, error) {
	if in.Level != nil {
		var l slog.Level
		if err := l.UnmarshalText([]byte(*in.Level)); err != nil {
			return levelOut{}, wrong("level", "%q is none: use debug, info, warn or error", *in.Level)
		}
		d.SetLogLevel(l)
	}
	return levelOut{d.LogLevel().String()}, nil
}

type signalIn struct {
	Signal string `json:"signal" usage:"its name or number: HUP, SIGUSR1, 10"`
}

// signalled treats a signal as if it had come from the system.
func (d *Daemon) signalled(_ context.Context, in signalIn) (bool, error) {
	sig, err := parseSignal(in.Signal)
	if err != nil {
		return false, err
	}
	if err := d.mustRun(); err != nil {
		return false, err
	}
	if a, ok := d.actions()[sig]; !ok || a == SignalIgnore || a == SignalSystem {
		return false, wrong("signal", "the daemon does not take %s: use kill", unix.SignalName(sig))
	}
	d.received(event.Signal{Signal: sig, Count: 1})
	return true, nil
}

// parseSignal accepts the signals that Run can take.
func parseSignal(text string) (syscall.Signal, error) {
	sig := syscall.Signal(0)
	if n, err := strconv.Atoi(text); err == nil {
		sig = syscall.Signal(n)
	} else {
		name := strings.ToUpper(text)
		if !strings.HasPrefix(name, "SIG") {
			name = "SIG" + name
		}
		sig = unix.SignalNum(name)
	}
	switch {
	case sig <= 0 || unix.SignalName(sig) == "":
		return 0, wrong("signal", "there is no signal %q", text)
	case untakeable(sig) != "":
		return 0, wrong("signal", "%s cannot be taken: %s; use kill", unix.SignalName(sig), untakeable(sig))
	}
	return sig, nil
}

// processes lists the daemon's process, and its workers by their pools.
func (d *Daemon) processes() []status.Process {
	s := d.stats()
	all := []status.Process{{PID: s.PID, Parent: os.Getppid(), Kind: "daemon", State: s.State, Age: s.Uptime, Memory: s.Memory.Now, CPU: s.CPU}}
	for _, p := range s.Pools {
		kind := "worker"
		if p.Kind == "task" {
			kind = "task"
		}
		for _, w := range p.Workers {
			all = append(all, status.Process{
				PID: w.PID, Parent: s.PID, Kind: kind, Pool: p.Name, State: w.State, Call: w.Call, For: w.For, Age: w.Age,
				Calls: w.Calls, Memory: w.Memory, CPU: w.CPU,
			})
		}
	}
	return all
}
