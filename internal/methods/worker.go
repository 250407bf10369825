package methods

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

// workerIn names a worker. A pid is used again when its process has ended; the
// number is not.
type workerIn struct {
	PID    int     `json:"pid" usage:"the pid of a worker"`
	Worker *uint64 `json:"worker,omitzero" usage:"its number in its pool; if the process is another one by now, the method fails"`
	Pool   *string `json:"pool,omitzero" usage:"the name of its pool; if it is of another one, the method fails"`
}

// workersIn says which workers a method is about. By position, clients give the
// first parameter.
type workersIn struct {
	Worker rpc.Either[int, string] `json:"worker,omitzero" usage:"the name of a pool, or the pid of a worker; without it all pools of workers; beside pid the worker's number in its pool, and the method fails if the process is another one by now"`
	Pool   *string                 `json:"pool,omitzero" usage:"the name of a pool: the workers that it has now, one by one"`
	PID    *int                    `json:"pid,omitzero" usage:"the pid of a worker"`
}

type workersOut struct {
	Workers int `json:"workers"` // number of workers affected
}

// ofWorker does something with the pool of a worker.
func (d caller) ofWorker(in workerIn, do func(Pool) error) (bool, error) {
	w, err := d.worker(in.PID)
	if err != nil {
		return false, err
	}
	if in.Worker != nil && *in.Worker != w.ID {
		return false, another(w, *in.Worker)
	}
	if in.Pool != nil && *in.Pool != w.Pool {
		return false, Wrong("pid", "worker %d is of pool %s", w.PID, w.Pool)
	}
	pool, err := d.poolNamed(w.Pool)
	if err != nil {
		return false, err
	}
	return true, do(pool)
}

// another says that the process of w is not that of the meant worker.
func another[N int | uint64](w status.Worker, meant N) error {
	return Wrong("worker", "process %d is worker %d of pool %s now, not worker %d: that one has ended", w.PID, w.ID, w.Pool, meant)
}

// workerMethods are the methods about single worker processes, and about whole
// pools of workers.
func (d caller) workerMethods() []rpc.Method {
	return []rpc.Method{
		Look("worker.list", "The workers of a pool, or all. A pool without workers has an entry with pid 0.", func(_ context.Context, in poolsIn) ([]status.Worker, error) {
			name, err := nameOrAll(in.Pool)
			if err != nil {
				return nil, err
			}
			return d.workersAndPools(name)
		}),
		Look("worker.status", "How workers are doing.\n\n"+
			"Without parameters the result is an object with the state of each pool of workers; with the name of a pool it is that pool's state, "+
			"a text; with a pid it is an object with the figures of that worker. The state of a pool is that of its workers "+
			"(looping, ready, starting, paused …; of several the busiest), starting or, where it keeps none, idle if it has none, or else paused, failed, stopping or stopped.",
			func(_ context.Context, in workersIn) (any, error) { return d.workerStatus(in) }),
		Operate("worker.pause", "Gives workers no calls, and holds their own loops, until worker.resume.\n\n"+holdHelp, d.holdWorkers(true)),
		Operate("worker.resume", "Ends worker.pause and pool.pause, and lets a failed pool try again.\n\n"+holdHelp, d.holdWorkers(false)),
		Operate("worker.end", "Lets a worker finish its calls and leave; another takes its place. Returns when its process has ended.", func(ctx context.Context, in workerIn) (bool, error) {
			return d.ofWorker(in, func(of Pool) error { return of.End(ctx, in.PID) })
		}),
		Operate("worker.kill", "Ends a worker at once; another takes its place. The call that it runs fails.", func(_ context.Context, in workerIn) (bool, error) {
			return d.ofWorker(in, func(of Pool) error { return of.Kill(in.PID) })
		}),
		Operate("worker.stack", "The stacks of all goroutines of a worker, which goes on.", func(ctx context.Context, in workerIn) (stackOf, error) {
			out := stackOf{PID: in.PID}
			_, err := d.ofWorker(in, func(of Pool) (err error) {
				out.Pool = of.Name()
				out.Stack, err = of.Stack(ctx, in.PID)
				return err
			})
			return out, err
		}),
	}
}

// holdHelp is what worker.pause and worker.resume have in common.
const holdHelp = "Without parameters it applies to each pool of workers, and the result is an object that says for each whether it did; with the name of a pool " +
	"to that pool and the workers that it will have, and the result is true; with a pid, or a pool given as pool, to workers one by one, " +
	"and the result is their number: {\"workers\": 2}."

// which returns what in names: a pool, or else the pid of a worker, 0 for none.
// A text that is not a pool may be a pid. A given value that names nothing,
// such as the pid 0 that a list has for a pool without workers, does not mean
// all.
func (d caller) which(in workersIn) (p Pool, pid int, err error) {
	given := in.PID != nil
	switch v := in.Worker.Value().(type) {
	case int:
		given, pid = true, v
	case string:
		var names []string
		for _, p := range d.Pools() {
			if p.Name() == v {
				return p, 0, nil
			}
			names = append(names, p.Name())
		}
		if pid, err = strconv.Atoi(v); err != nil {
			return nil, 0, Wrong("worker", "there is no pool %q; there are: %s", v, strings.Join(names, ", "))
		}
		given = true
	}
	if in.PID != nil {
		number := pid
		if pid = *in.PID; number != 0 {
			if w, err := d.worker(pid); err != nil {
				return nil, 0, err
			} else if w.ID != uint64(number) {
				return nil, 0, another(w, number)
			}
		}
	}
	if given && pid <= 0 {
		name := "worker"
		if in.PID != nil {
			name = "pid"
		}
		return nil, 0, Wrong(name, "no worker has the pid %d; to mean all pools, leave it out", pid)
	}
	return nil, pid, nil
}

func (d caller) workerStatus(in workersIn) (any, error) {
	p, pid, err := d.which(in)
	switch {
	case err != nil:
		return nil, err
	case pid != 0:
		return d.worker(pid)
	case p == nil && in.Pool != nil:
		if p, err = d.poolNamed(*in.Pool); err != nil {
			return nil, err
		}
	}
	if p != nil {
		return shown(p.Stats()), nil
	}
	all := map[string]string{}
	for _, s := range d.workerPools() {
		all[s.Name] = shown(s)
	}
	return all, nil
}

// workerPools returns the figures of the pools of workers, without those of
// tasks.
func (d caller) workerPools() (all []status.PoolStats) {
	for _, p := range d.Pools() {
		if s := p.Stats(); s.Kind != "task" {
			all = append(all, s)
		}
	}
	return all
}

// shown is the state of the pool's workers in a word.
func shown(s status.PoolStats) string {
	if s.State != "running" {
		return s.State
	}
	best, found := "idle", -1
	if s.Min > 0 { // the next worker is on its way
		best = "starting"
	}
	for _, w := range s.Workers {
		rank := 0
		switch w.State {
		case "looping", "ready":
			rank = 3
		case "starting":
			rank = 2
		case "paused":
			rank = 1
		}
		if rank > found {
			best, found = w.State, rank
		}
	}
	return best
}

// holdWorkers is worker.pause, or worker.resume.
func (d caller) holdWorkers(pause bool) func(context.Context, workersIn) (any, error) {
	one, whole := Pool.ResumeWorker, resumeAll
	if pause {
		one, whole = Pool.PauseWorker, Pool.Pause
	}
	return func(_ context.Context, in workersIn) (any, error) {
		p, pid, err := d.which(in)
		switch {
		case err != nil:
			return nil, err
		case p != nil:
			return true, whole(p)
		case pid != 0 || in.Pool != nil:
			name, err := nameOrAll(in.Pool)
			if err != nil {
				return nil, err
			}
			return d.eachWorker(name, pid, one)
		}
		all := map[string]bool{}
		for _, s := range d.workerPools() {
			p, err := d.poolNamed(s.Name)
			if err != nil {
				return nil, err
			}
			all[s.Name] = whole(p) == nil
		}
		return all, nil
	}
}

// resumeAll ends a pause of the pool and of its workers.
func resumeAll(p Pool) error {
	if err := p.Resume(); err != nil {
		return err
	}
	for _, w := range p.Stats().Workers {
		_ = p.ResumeWorker(w.PID) // it may have ended meanwhile
	}
	return nil
}

// workersAndPools is workers, plus an entry for each pool without workers.
func (d caller) workersAndPools(pool string) ([]status.Worker, error) {
	all, err := d.workers(pool)
	if err != nil {
		return nil, err
	}
	has := map[string]bool{}
	for _, w := range all {
		has[w.Pool] = true
	}
	for _, s := range d.workerPools() {
		if !has[s.Name] && (pool == "" || pool == s.Name) {
			all = append(all, worker(s, status.WorkerStats{State: shown(s)}))
		}
	}
	return all, nil
}

// workers lists the workers of a pool, or of all pools.
func (d caller) workers(pool string) ([]status.Worker, error) {
	if pool != "" {
		if _, err := d.poolNamed(pool); err != nil {
			return nil, err
		}
	}
	all := []status.Worker{}
	for _, p := range d.Pools() {
		if pool != "" && p.Name() != pool {
			continue
		}
		s := p.Stats()
		for _, w := range slices.Concat(s.Workers, s.Replays) {
			all = append(all, worker(s, w))
		}
	}
	return all, nil
}

func worker(of status.PoolStats, w status.WorkerStats) status.Worker {
	return status.Worker{Pool: of.Name, Name: of.Name, LoopEvery: of.LoopEvery, Forever: of.Forever, WorkerStats: w}
}

// worker finds a worker by its pid.
func (d caller) worker(pid int) (status.Worker, error) {
	all, err := d.workers("")
	if err != nil {
		return status.Worker{}, err
	}
	var pids []string
	for _, w := range all {
		switch {
		case w.PID == 0: // it is being started
		case w.PID == pid:
			return w, nil
		default:
			pids = append(pids, fmt.Sprint(w.PID))
		}
	}
	if len(pids) == 0 {
		return status.Worker{}, Wrong("pid", "no worker has the pid %d: there are no workers", pid)
	}
	return status.Worker{}, Wrong("pid", "no worker has the pid %d; those there are: %s", pid, strings.Join(pids, ", "))
}

// eachWorker does something to one worker, or to all of a pool.
func (d caller) eachWorker(pool string, pid int, do func(Pool, int) error) (out workersOut, _ error) {
	all, err := d.workers(pool)
	if err != nil {
		return out, err
	}
	if pid != 0 {
		w, err := d.worker(pid)
		if err != nil {
			return out, err
		}
		if pool != "" && pool != w.Pool {
			return out, Wrong("pid", "worker %d is of pool %s", pid, w.Pool)
		}
		all = []status.Worker{w}
	}
	for _, w := range all {
		if pid == 0 && w.State == "replay" {
			continue // it is no worker of the pool's
		}
		pool, err := d.poolNamed(w.Pool)
		if err != nil {
			return out, err
		}
		if err := do(pool, w.PID); err == nil {
			out.Workers++
		} else if pid != 0 {
			return out, err // one of several may have ended meanwhile
		}
	}
	return out, nil
}
