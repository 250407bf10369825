package pool

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// Replay runs function fn with an encoded argument in a process of its own,
// which takes no other call and ends with it. The process has the limits, the
// sandbox and the timeout of the pool's; its number is one of the pool's. The
// call returned has ended. A process that dies has its certificate, and counts
// neither as a restart of the pool nor towards a quarantine.
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
	defer alone.Stop(0)
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
	cfg.Min, cfg.Max, cfg.Spawn, cfg.Fresh, cfg.Spare, cfg.Ahead = 0, 1, Lazy, true, 0, 0
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
