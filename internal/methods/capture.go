package methods

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"

	"github.com/legion-go/legion/internal/profiling"
	"github.com/legion-go/legion/internal/rpc"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

const (
	// maxCaptured is how many workers have a part in the profile of a pool.
	maxCaptured = 128
	// allCaptured bounds the bytes of their parts together.
	allCaptured = 64 << 20
)

type traceIn struct {
	workerIn
	Seconds *float64 `json:"seconds,omitzero" usage:"how long, at most 60; without it 5"`
}

type profileIn struct {
	workerIn
	Seconds *float64 `json:"seconds,omitzero" usage:"how long, at most 60; without it 5. Only for the kind cpu"`
	Kind    *string  `json:"kind,omitzero" usage:"cpu, heap, allocs, goroutine, threadcreate, block or mutex; without it cpu"`
}

type poolProfileIn struct {
	Pool    string   `json:"pool" usage:"the name of a pool"`
	Seconds *float64 `json:"seconds,omitzero" usage:"how long, at most 60; without it 5. Only for the kind cpu"`
	Kind    *string  `json:"kind,omitzero" usage:"as for worker.profile"`
}

// captureMethods are the methods that look into workers for some time.
func (d caller) captureMethods() []rpc.Method {
	const ends = " It ends early if the client goes, and if it has become large. A worker makes one at a time."
	return []rpc.Method{
		Operate("worker.profile", "A profile of a worker, for go tool pprof, in base64. The program must import the package profile."+ends,
			func(ctx context.Context, in profileIn) (status.Capture, error) {
				return d.captureWorker(ctx, in.workerIn, profileKind(in.Kind), in.Seconds)
			}),
		Operate("worker.trace", "A trace of a worker, for go tool trace, in base64."+ends,
			func(ctx context.Context, in traceIn) (status.Capture, error) {
				return d.captureWorker(ctx, in.workerIn, "trace", in.Seconds)
			}),
		Operate("pool.profile", "One profile of all workers of a pool, taken at the same time, in base64. Its samples have the labels pool, pid and worker, "+
			"and those of calls that began meanwhile func. At most 128 workers have a part in it. The program must import the package profile.", d.profilePool),
	}
}

func profileKind(kind *string) string {
	if kind == nil {
		return "cpu"
	}
	return *kind
}

// capture prepares the answer of a method.
func capture(pool, kind string, seconds *float64) (status.Capture, error) {
	c := status.Capture{Pool: pool, Kind: kind, Span: 5 * time.Second, Name: kind + ".pb.gz"}
	if most := wire.MaxCaptureTime; seconds != nil {
		if !(*seconds >= 0.01 && *seconds <= most.Seconds()) {
			return c, Wrong("seconds", "it is %v: use 0.01 to %v", *seconds, most.Seconds())
		}
		c.Span = time.Duration(math.Round(*seconds * float64(time.Second)))
	}
	switch kind {
	case "trace":
		c.Name = "trace.out"
		return c, nil
	case "":
		return c, Wrong("kind", "it is empty; without it the kind is cpu")
	case "cpu":
	default:
		c.Span = 0 // it is made at once
	}
	_, err := profiling.Get()
	return c, err
}

func (d caller) captureWorker(ctx context.Context, in workerIn, kind string, seconds *float64) (c status.Capture, err error) {
	_, err = d.ofWorker(in, func(of Pool) error {
		w, err := d.worker(in.PID)
		if err != nil {
			return err
		}
		if c, err = capture(of.Name(), kind, seconds); err != nil {
			return err
		}
		c.PID, c.Worker = in.PID, w.ID
		from, err := d.Machine(of)
		if err != nil {
			return err
		}
		c.Bytes, err = from.Capture(ctx, in.PID, kind, c.Span, wire.MaxCapture)
		return err
	})
	return c, err
}

func (d caller) profilePool(ctx context.Context, in poolProfileIn) (status.Capture, error) {
	of, err := d.poolNamed(in.Pool)
	if err != nil {
		return status.Capture{}, err
	}
	kind := profileKind(in.Kind)
	if kind == "trace" {
		return status.Capture{}, Wrong("kind", "a trace is of one worker: use worker.trace")
	}
	c, err := capture(in.Pool, kind, in.Seconds)
	if err != nil {
		return c, err
	}
	seen := map[int]bool{}
	for _, w := range of.Stats().Workers {
		if w.PID != 0 && !seen[w.PID] && len(c.Workers) < maxCaptured { // workers that are goroutines have one pid
			seen[w.PID] = true
			c.Workers = append(c.Workers, status.Captured{PID: w.PID, Worker: w.ID})
		}
	}
	if len(c.Workers) == 0 {
		return c, fmt.Errorf("pool %s has no workers at the moment", in.Pool)
	}
	from, err := d.Machine(of)
	if err == nil {
		c.Bytes, err = capturePool(ctx, from, &c)
	}
	return c, err
}

// capturePool makes profiles of all workers of c at the same time, and one of
// all of them. The daemon merges them, and not its clients, so that programs
// with a command line need no compress/gzip, which costs each worker 1 % of its
// start.
func capturePool(ctx context.Context, from Machine, c *status.Capture) ([]byte, error) {
	tools, err := profiling.Get()
	if err != nil {
		return nil, err
	}
	parts := make([]profiling.Part, len(c.Workers))
	errs := make([]error, len(c.Workers))
	var all sync.WaitGroup
	for i, w := range c.Workers {
		all.Go(func() {
			parts[i].Labels = []string{"pool", c.Pool, "pid", strconv.Itoa(w.PID), "worker", strconv.FormatUint(w.Worker, 10)}
			parts[i].Profile, errs[i] = from.Capture(ctx, w.PID, c.Kind, c.Span, min(wire.MaxCapture, allCaptured/len(c.Workers)))
		})
	}
	all.Wait()
	var made []profiling.Part
	for i, err := range errs {
		if err == nil {
			made = append(made, parts[i])
		} else {
			c.Workers[i].Error = err.Error()
		}
	}
	if len(made) == 0 {
		return nil, errors.Join(errs[:min(len(errs), 3)]...)
	}
	merged, err := tools.Merge(made)
	if err == nil && len(merged) > wire.MaxCapture {
		err = fmt.Errorf("the profile of pool %s has %d bytes, at most %d can be sent: take less time, or one worker", c.Pool, len(merged), wire.MaxCapture)
	}
	return merged, err
}
