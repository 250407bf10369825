package pool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// farewell is how long a process whose replay has ended may take to leave.
const farewell = time.Second

// Replay runs function fn with an encoded argument in a process of its own,
// which takes no other call and ends with it. The process has the limits, the
// sandbox and the timeout of the pool's; its number is one of the pool's. The
// call returned has ended. A process that dies has its certificate, and counts
// neither as a restart of the pool nor towards a quarantine. The timeout begins
// when the process is ready.
//
// While it runs, the process is among Stats.Replays, and Kill, Stack and the
// like reach it by its pid.
//
// The end of ctx cancels the call, and so does the end of the pool.
func (p *Pool) Replay(ctx context.Context, fn string, arg []byte, timeout time.Duration) (*Call, error) {
	index := slices.IndexFunc(p.hashes, func(f wire.FuncInfo) bool { return f.Name == fn })
	if index < 0 {
		return nil, fmt.Errorf("it has no function %q", fn)
	}
	alone, err := p.alone(timeout)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.replays = append(p.replays, alone)
	p.mu.Unlock()
	defer func() {
		alone.Stop(farewell)
		p.mu.Lock()
		defer p.mu.Unlock()
		i := slices.Index(p.replays, alone)
		p.replays = slices.Delete(slices.Clone(p.replays), i, i+1) // others may be reading it
	}()
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-p.stopped:
			cancel()
		case <-ctx.Done():
		}
	}()
	defer func() {
		cancel()
		<-watched
	}()
	if err := alone.Start(ctx); err != nil {
		return nil, err
	}
	c := NewCall()
	c.Func, c.Payload, c.Raw = index, arg, true
	if !p.hashes[index].Stream {
		alone.Do(ctx, c)
		return c, nil
	}
	r := alone.Read(ctx, c, func(*Call) {})
	defer r.Close()
	for ok := true; ok; {
		_, ok = r.Next(ctx)
	}
	return c, nil
}

// alone returns a pool with the same processes as p, for one call.
func (p *Pool) alone(timeout time.Duration) (*Pool, error) {
	p.mu.Lock()
	cfg, state, started := p.core.cfg, p.core.state, p.started
	p.core.numbered++
	number := p.core.numbered
	p.mu.Unlock()
	switch {
	case !started || state >= StateStopping:
		return nil, fmt.Errorf("pool %s is not running", cfg.Name)
	case cfg.Looping:
		return nil, fmt.Errorf("the workers of pool %s have loops of their own: a replay would run one more", cfg.Name)
	}
	cfg.Once, cfg.Min, cfg.Max, cfg.Fresh, cfg.Spare, cfg.Ahead = true, 0, 1, false, 0, 0
	cfg.MaxCalls, cfg.MaxAge, cfg.MaxMemory, cfg.IdleTimeout = 0, 0, 0, 0
	cfg.Retry, cfg.MaxRestarts, cfg.MaxBootFails, cfg.CrashBudget = 0, 0, 1, -1
	if timeout > 0 && (cfg.Timeout == 0 || timeout < cfg.Timeout) {
		cfg.Timeout = timeout
	}
	hooks := p.hooks
	hooks.Kept, hooks.Failed, hooks.Quarantine, hooks.Stop = nil, nil, nil, nil
	alone := New(cfg, p.hashes, p.launch, hooks)
	alone.core.numbered = number - 1
	return alone, nil
}

// replaying returns the processes of replays, as look tells of them.
func replaying(replays []*Pool, look func(*Pool) Stats) (all []status.WorkerStats) {
	for _, r := range replays {
		for _, w := range look(r).Workers {
			w.State = "replay"
			all = append(all, w)
		}
	}
	return all
}

// of returns the pool whose worker has the given pid: p, or else that of a
// replay; p if none has.
func (p *Pool) of(pid int) *Pool {
	p.mu.Lock()
	replays := p.replays
	if p.core.find(pid) != nil {
		replays = nil
	}
	p.mu.Unlock()
	for _, r := range replays {
		if r.has(pid) {
			return r
		}
	}
	return p
}

func (p *Pool) has(pid int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.find(pid) != nil
}
