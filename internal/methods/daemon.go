package methods

import (
	"context"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/doctor"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/signals"
	"github.com/legion-go/legion/status"
)

// daemonMethods are the methods about the daemon as a whole.
func (d caller) daemonMethods() []rpc.Method {
	stop := func(ctx context.Context, _ None) (bool, error) {
		if err := d.Stop("asked for by " + rpc.CallerOf(ctx).Name); err != nil {
			return false, err
		}
		return true, nil
	}
	return []rpc.Method{
		Look("daemon.hello", "The daemon itself: name, versions, pid and state.", func(context.Context, None) (status.Hello, error) { return d.Hello(), nil }),
		Look("daemon.status", "A summary of the daemon and its pools.", func(context.Context, None) (status.Daemon, error) { return d.Status(), nil }),
		Look("daemon.stats", "All figures, and those of plugins and handlers.", func(context.Context, None) (status.Stats, error) {
			s := d.Stats()
			for _, foreign := range []map[string]any{s.Plugins, s.Extra} {
				for name, v := range foreign {
					foreign[name] = Presentable(v)
				}
			}
			return s, nil
		}),
		Look("daemon.ps", "The processes of the daemon.", func(context.Context, None) ([]status.Process, error) { return d.processes(), nil }),
		Look("daemon.doctor", "What limits Legion on this machine, with the rights of the daemon's process, and what to do about it.",
			func(context.Context, None) ([]status.Finding, error) { return doctor.Look(), nil }),
		Operate("daemon.stack", "The stacks of all goroutines of the daemon's process.", func(context.Context, None) (stackOf, error) {
			return stackOf{Stack: ownStacks()}, nil
		}),
		Admin("daemon.stop", "Begins to stop the daemon: calls that run are finished, then workers end.", stop),
		Admin("daemon.shutdown", "The same as daemon.stop; the result is 0.", func(ctx context.Context, in None) (int, error) {
			_, err := stop(ctx, in)
			return 0, err
		}),
		Admin("daemon.restart", "Stops the daemon and starts it anew, in the same process id. Calls in the meantime find no daemon: use daemon.upgrade to lose none.",
			func(ctx context.Context, _ None) (bool, error) {
				return true, d.Restart(rpc.CallerOf(ctx).Name)
			}),
		Operate("daemon.reload", "Reads again what can be read again, reopens logs and replaces the workers one by one. Returns when the new ones serve.",
			func(context.Context, None) (bool, error) { return true, d.Reload() }),
		Admin("daemon.upgrade", "Replaces the daemon by a new process of the program that now stands at its path, without losing a call.",
			func(context.Context, None) (status.Upgrade, error) { return d.Upgrade() }),
		Operate("daemon.loglevel", "Returns the level below which records are left out of the log, and sets it first if one is given.", d.setLevel),
		Admin("daemon.signal", "Does what the daemon does on that signal.", d.signalled),
	}
}

type stackOf struct {
	PID   int    `json:"pid,omitzero"`
	Pool  string `json:"pool,omitzero"`
	Stack string `json:"stack"`
}

// maxStacks bounds the stacks that a method returns, in bytes.
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

func (d caller) setLevel(_ context.Context, in levelIn) (levelOut, error) {
	if in.Level != nil {
		var l slog.Level
		if err := l.UnmarshalText([]byte(*in.Level)); err != nil {
			return levelOut{}, Wrong("level", "%q is not a level: use debug, info, warn or error", *in.Level)
		}
		d.SetLogLevel(l)
	}
	return levelOut{d.LogLevel().String()}, nil
}

type signalIn struct {
	Signal string `json:"signal" usage:"its name or number: HUP, SIGUSR1, 10"`
}

// signalled treats a signal as if it came from the system.
func (d caller) signalled(_ context.Context, in signalIn) (bool, error) {
	sig, err := signals.Parse(in.Signal)
	if err != nil {
		return false, Wrong("signal", "%v", err)
	}
	if err := d.Signal(sig); err != nil {
		return false, err
	}
	return true, nil
}

// progress is that of the call, or the loop, that has run longest in w.
func progress(w status.WorkerStats) (p *status.Progress) {
	longest := time.Duration(-1)
	for _, r := range w.Running {
		if r.Progress != nil && r.For > longest {
			longest, p = r.For, r.Progress
		}
	}
	return p
}

// processes lists the daemon's process, and its workers by their pools.
func (d caller) processes() []status.Process {
	s := d.Figures()
	all := []status.Process{{PID: s.PID, Parent: os.Getppid(), Kind: "daemon", State: s.State, Age: s.Uptime, Memory: s.Memory.Now, CPU: s.CPU}}
	for _, p := range s.Pools {
		kind := "worker"
		if p.Kind == "task" {
			kind = "task"
		}
		for _, w := range slices.Concat(p.Workers, p.Replays) {
			all = append(all, status.Process{
				PID: w.PID, Parent: s.PID, Kind: kind, Pool: p.Name, State: w.State, Call: w.Call, For: w.For, Age: w.Age,
				Calls: w.Calls, Memory: w.Memory, CPU: w.CPU, Sealed: w.Sealed,
				Progress: progress(w),
			})
		}
	}
	return all
}
