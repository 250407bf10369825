package legion

import (
	"context"
	"fmt"
	"strings"

	"github.com/legion-go/legion/internal/rpc"
)

type poolIn struct {
	Pool string `json:"pool" usage:"the name of a pool"`
}

type poolsIn struct {
	Pool string `json:"pool,omitzero" usage:"the name of a pool; without it all pools"`
}

type scaleIn struct {
	Pool string `json:"pool" usage:"the name of a pool"`
	Min  int    `json:"min" usage:"workers that are always there"`
	Max  int    `json:"max" usage:"workers that there are at most"`
}

// poolMethods are those about pools.
func (d *Daemon) poolMethods() []rpc.Method {
	return []rpc.Method{
		look("pool.list", "All pools with their figures.", func(context.Context, none) ([]PoolStats, error) { return d.stats().Pools, nil }),
		look("pool.status", "The figures of one pool.", func(_ context.Context, in poolIn) (s PoolStats, err error) {
			pool, err := d.poolNamed(in.Pool)
			if err == nil {
				s = pool.Stats()
			}
			return s, err
		}),
		operate("pool.pause", "Keeps calls waiting until pool.resume. Those that run are not touched.", d.eachPool((*Supervisor).Pause)),
		operate("pool.resume", "Ends a pause, and lets a failed pool try again.", d.eachPool((*Supervisor).Resume)),
		operate("pool.recycle", "Replaces every worker, one after the other, each when its replacement is ready.", d.eachPool((*Supervisor).Recycle)),
		operate("pool.scale", "Changes how many workers there are.", func(_ context.Context, in scaleIn) (bool, error) {
			pool, err := d.poolNamed(in.Pool)
			if err != nil {
				return false, err
			}
			return true, pool.Scale(in.Min, in.Max)
		}),
	}
}

// poolNamed finds a pool that a client asks for.
func (d *Daemon) poolNamed(name string) (*Supervisor, error) {
	pool, err := d.Pool(name)
	if err != nil {
		return nil, wrong("pool", "%s", strings.TrimPrefix(err.Error(), "legion: "))
	}
	return pool, nil
}

// eachPool is a method that does something with one pool or with all.
func (d *Daemon) eachPool(do func(*Supervisor) error) func(context.Context, poolsIn) (bool, error) {
	return func(_ context.Context, in poolsIn) (bool, error) {
		if in.Pool != "" {
			pool, err := d.poolNamed(in.Pool)
			if err != nil {
				return false, err
			}
			return true, do(pool)
		}
		for _, p := range d.pools {
			if err := do(&Supervisor{p}); err != nil {
				return false, err
			}
		}
		return true, nil
	}
}

// PoolWorker is a worker with its pool.
type PoolWorker struct {
	Pool string `json:"pool"`
	WorkerStats
}

type workerIn struct {
	PID int `json:"pid" usage:"the pid of a worker"`
}

type workersIn struct {
	PID  int    `json:"pid,omitzero" usage:"the pid of a worker"`
	Pool string `json:"pool,omitzero" usage:"the name of a pool: its workers; without pid and pool all workers"`
}

type workersOut struct {
	Workers int `json:"workers"` // how many it was done to
}

// workerMethods are those about single worker processes.
func (d *Daemon) workerMethods() []rpc.Method {
	return []rpc.Method{
		look("worker.list", "The workers of a pool, or all.", func(_ context.Context, in poolsIn) ([]PoolWorker, error) { return d.workers(in.Pool) }),
		look("worker.status", "The figures of one worker.", func(_ context.Context, in workerIn) (PoolWorker, error) { return d.worker(in.PID) }),
		operate("worker.pause", "Gives workers no calls, and holds their own loops, until worker.resume.", d.eachWorker((*Supervisor).PauseWorker)),
		operate("worker.resume", "Ends worker.pause.", d.eachWorker((*Supervisor).ResumeWorker)),
		operate("worker.kill", "Ends a worker at once; another takes its place. The call that it runs fails.", func(_ context.Context, in workerIn) (bool, error) {
			w, err := d.worker(in.PID)
			if err != nil {
				return false, err
			}
			pool, err := d.poolNamed(w.Pool)
			if err != nil {
				return false, err
			}
			return true, pool.Kill(in.PID)
		}),
		operate("worker.stack", "The stacks of all goroutines of a worker, which goes on.", func(ctx context.Context, in workerIn) (stackOf, error) {
			w, err := d.worker(in.PID)
			if err != nil {
				return stackOf{}, err
			}
			pool, err := d.poolNamed(w.Pool)
			if err != nil {
				return stackOf{}, err
			}
			stack, err := pool.Stack(ctx, in.PID)
			return stackOf{PID: in.PID, Pool: w.Pool, Stack: stack}, err
		}),
	}
}

// workers lists those of a pool, or of all.
func (d *Daemon) workers(pool string) ([]PoolWorker, error) {
	if pool != "" {
		if _, err := d.poolNamed(pool); err != nil {
			return nil, err
		}
	}
	all := []PoolWorker{}
	for _, p := range d.pools {
		if pool != "" && p.name != pool {
			continue
		}
		for _, w := range p.stats().Workers {
			all = append(all, PoolWorker{p.name, w})
		}
	}
	return all, nil
}

// worker finds one by its pid.
func (d *Daemon) worker(pid int) (PoolWorker, error) {
	all, err := d.workers("")
	if err != nil {
		return PoolWorker{}, err
	}
	var pids []string
	for _, w := range all {
		if w.PID == pid {
			return w, nil
		}
		pids = append(pids, fmt.Sprint(w.PID))
	}
	return PoolWorker{}, wrong("pid", "no worker has the pid %d; those there are: %s", pid, strings.Join(pids, ", "))
}

// eachWorker is a method that does something to one worker, to those of a pool or
// to all.
func (d *Daemon) eachWorker(do func(*Supervisor, int) error) func(context.Context, workersIn) (workersOut, error) {
	return func(_ context.Context, in workersIn) (out workersOut, _ error) {
		all, err := d.workers(in.Pool)
		if err != nil {
			return out, err
		}
		if in.PID != 0 {
			w, err := d.worker(in.PID)
			if err != nil {
				return out, err
			}
			if in.Pool != "" && in.Pool != w.Pool {
				return out, wrong("pid", "worker %d is of pool %s", in.PID, w.Pool)
			}
			all = []PoolWorker{w}
		}
		for _, w := range all {
			pool, err := d.poolNamed(w.Pool)
			if err != nil {
				return out, err
			}
			if err := do(pool, w.PID); err == nil {
				out.Workers++
			} else if in.PID != 0 {
				return out, err // of several, one may have ended meanwhile
			}
		}
		return out, nil
	}
}
