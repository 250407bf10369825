package methods

import (
	"context"
	"errors"
	"strings"

	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/status"
)

type poolIn struct {
	Pool string `json:"pool" usage:"the name of a pool"`
}

type poolsIn struct {
	Pool *string `json:"pool,omitzero" usage:"the name of a pool; without it all pools"`
}

type readmitIn struct {
	Pool string  `json:"pool" usage:"the name of a pool"`
	Func *string `json:"func,omitzero" usage:"the name of a function; without it all of the pool"`
}

// nameOrAll returns a name, or "" for all if none is given. An empty name does
// not mean all: it may be a variable that the caller forgot to set.
func nameOrAll(name *string) (string, error) {
	switch {
	case name == nil:
		return "", nil
	case *name == "":
		return "", Wrong("pool", "it is empty; to mean all pools, leave it out")
	}
	return *name, nil
}

type scaleIn struct {
	Pool string `json:"pool" usage:"the name of a pool"`
	Min  int    `json:"min" usage:"the least number of workers"`
	Max  int    `json:"max" usage:"the greatest number of workers"`
}

// poolMethods are the methods about pools.
func (d caller) poolMethods() []rpc.Method {
	return []rpc.Method{
		Look("pool.list", "All pools with their figures.", func(context.Context, None) ([]status.PoolStats, error) { return d.Figures().Pools, nil }),
		Look("pool.status", "The figures of one pool.", func(_ context.Context, in poolIn) (s status.PoolStats, err error) {
			pool, err := d.poolNamed(in.Pool)
			if err == nil {
				s = pool.Stats()
			}
			return s, err
		}),
		Look("pool.recent", "The calls and the processes of a pool that ended last, the newest first.", func(_ context.Context, in poolIn) (r status.Recent, err error) {
			pool, err := d.poolNamed(in.Pool)
			if err == nil {
				r = pool.Recent()
			}
			return r, err
		}),
		Operate("pool.pause", "Keeps calls waiting until pool.resume. Running calls go on.", d.eachPool(Pool.Pause)),
		Operate("pool.resume", "Ends a pause, and lets a failed pool try again.", d.eachPool(Pool.Resume)),
		Operate("pool.readmit", "Ends the quarantine of functions whose calls killed workers.",
			func(_ context.Context, in readmitIn) (bool, error) {
				pool, err := d.poolNamed(in.Pool)
				if err != nil {
					return false, err
				}
				if in.Func == nil {
					return true, pool.Readmit()
				}
				return true, pool.Readmit(*in.Func)
			}),
		Operate("pool.stop", "Lets every worker of a pool finish its calls and leave. No worker is started, and calls wait, until pool.resume. Returns when they have left.",
			func(ctx context.Context, in poolIn) (bool, error) {
				pool, err := d.poolNamed(in.Pool)
				if err != nil {
					return false, err
				}
				return true, pool.Stop(ctx)
			}),
		Operate("pool.recycle", "Replaces every worker, one after the other, each when its replacement is ready.", d.eachPool(Pool.Recycle)),
		Operate("pool.scale", "Changes how many workers there are.", func(_ context.Context, in scaleIn) (bool, error) {
			pool, err := d.poolNamed(in.Pool)
			if err != nil {
				return false, err
			}
			return true, pool.Scale(in.Min, in.Max)
		}),
	}
}

// poolNamed finds a pool that a client asks for.
func (d caller) poolNamed(name string) (Pool, error) {
	pool, err := d.Pool(name)
	if err != nil {
		return nil, Wrong("pool", "%s", strings.TrimPrefix(err.Error(), "legion: "))
	}
	return pool, nil
}

// eachPool makes a method that does something to one pool or to all.
func (d caller) eachPool(do func(Pool) error) func(context.Context, poolsIn) (bool, error) {
	return func(_ context.Context, in poolsIn) (bool, error) {
		name, err := nameOrAll(in.Pool)
		if err != nil {
			return false, err
		}
		if name != "" {
			pool, err := d.poolNamed(name)
			if err != nil {
				return false, err
			}
			return true, do(pool)
		}
		var failed []error // each names its pool
		for _, p := range d.Pools() {
			failed = append(failed, do(p))
		}
		return true, errors.Join(failed...)
	}
}
