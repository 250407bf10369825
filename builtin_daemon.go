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

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/rpc"
)

// controlProtocol is the version of what the control socket speaks.
const controlProtocol = 1

// Hello is what the control socket says of the daemon first.
type Hello struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"` // of the program
	Legion   string        `json:"legion"`  // of this module
	Protocol int           `json:"protocol"`
	Go       string        `json:"go"`
	PID      int           `json:"pid"`
	PIDStays string        `json:"pid_stays,omitempty"` // why the pid must stay, "" if it may change; see Config.PID
	Embedded bool          `json:"embedded,omitempty"`  // it is part of a program that goes on without it: started by Start, not Run
	State    string        `json:"state"`
	Started  time.Time     `json:"started"`
	Uptime   time.Duration `json:"uptime"`
}

func (d *Daemon) hello() Hello {
	v := versions()
	h := Hello{
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
	const module = "github.com/legion-go/legion"
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

// Status is a summary of the daemon's state.
type Status struct {
	Name  string `json:"name"`
	PID   int    `json:"pid"`
	State string `json:"state"`
	// Changing is what the daemon does at the moment beside its work, for
	// ChangingFor so far: "a reload", "an upgrade" or "a restart"; "" is nothing.
	Changing    string        `json:"changing,omitempty"`
	ChangingFor time.Duration `json:"changing_for,omitempty"`
	Healthy     bool          `json:"healthy"`             // see Daemon.Healthy
	Unhealthy   string        `json:"unhealthy,omitempty"` // why it is not
	// RestartNeeded are settings that a reload has changed, and that are in force
	// after a restart or an upgrade only.
	RestartNeeded []string      `json:"restart_needed,omitempty"`
	Version       string        `json:"version"`
	Uptime        time.Duration `json:"uptime"`
	User          string        `json:"user"`
	Host          string        `json:"host"`
	CPU           time.Duration `json:"cpu"`
	Memory        uint64        `json:"memory"` // resident bytes of the daemon's process
	Load          [3]float64    `json:"load"`
	Workers       int           `json:"workers"` // processes, of tasks too
	Loop          LoopStats     `json:"loop"`
	Pools         []PoolStatus  `json:"pools"`
	Control       []string      `json:"control"` // addresses
	Log           LogStats      `json:"log"`
}

// PoolStatus is a summary of one pool.
type PoolStatus struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	State    string `json:"state"`
	Reason   string `json:"reason,omitempty"`
	Min      int    `json:"min"`
	Max      int    `json:"max"`
	Ready    int    `json:"ready"`
	Queued   int    `json:"queued"`
	Running  int    `json:"running"`
	Calls    uint64 `json:"calls"`
	Errors   uint64 `json:"errors"` // calls that ended without a result
	Restarts uint64 `json:"restarts"`
}

// status is asked for often, by many: it is made without reading a file for each worker.
func (d *Daemon) status() Status {
	s := d.figures()
	out := Status{
		Name: s.Name, PID: s.PID, State: s.State, Healthy: s.Healthy, Unhealthy: s.Unhealthy, Version: d.version(), Uptime: s.Uptime, User: s.User, Host: s.Host, CPU: s.CPU,
		Load: s.Load, Loop: s.Loop, Log: s.Log, Pools: []PoolStatus{}, Control: d.control.addresses(),
	}
	out.RestartNeeded = d.restartNeeded()
	if what, since := d.changing(); what != "" {
		out.Changing, out.ChangingFor = what, time.Since(since)
	}
	out.Memory, _ = proc.Resident()
	for _, p := range d.pools {
		in := p.summary()
		out.Workers += in.Size
		out.Pools = append(out.Pools, PoolStatus{
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
		look("daemon.hello", "Who is here: name, versions, pid and state.", func(context.Context, none) (Hello, error) { return d.hello(), nil }),
		look("daemon.status", "A summary of the daemon and its pools.", func(context.Context, none) (Status, error) { return d.status(), nil }),
		look("daemon.stats", "All figures, and those of plugins and handlers.", func(context.Context, none) (Stats, error) {
			s := d.Stats()
			for _, foreign := range []map[string]any{s.Plugins, s.Extra} {
				for name, v := range foreign {
					foreign[name] = presentable(v)
				}
			}
			return s, nil
		}),
		look("daemon.ps", "The processes of the daemon.", func(context.Context, none) ([]Process, error) { return d.processes(), nil }),
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
	d.received(Signal{Signal: sig, Count: 1})
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

// Process is one process of a daemon.
type Process struct {
	PID    int           `json:"pid"`
	Parent int           `json:"parent"`
	Kind   string        `json:"kind"` // daemon, worker or task
	Pool   string        `json:"pool"`
	State  string        `json:"state"`
	Call   string        `json:"call"` // the function that runs
	For    time.Duration `json:"for"`
	Age    time.Duration `json:"age"`
	Calls  uint64        `json:"calls"`
	Memory uint64        `json:"memory"` // resident bytes
	CPU    time.Duration `json:"cpu"`
}

// processes lists the daemon's process, and its workers by their pools.
func (d *Daemon) processes() []Process {
	s := d.stats()
	all := []Process{{PID: s.PID, Parent: os.Getppid(), Kind: "daemon", State: s.State, Age: s.Uptime, Memory: s.Memory.Now, CPU: s.CPU}}
	for _, p := range s.Pools {
		kind := "worker"
		if p.Kind == "task" {
			kind = "task"
		}
		for _, w := range p.Workers {
			all = append(all, Process{
				PID: w.PID, Parent: s.PID, Kind: kind, Pool: p.Name, State: w.State, Call: w.Call, For: w.For, Age: w.Age,
				Calls: w.Calls, Memory: w.Memory, CPU: w.CPU,
			})
		}
	}
	return all
}
