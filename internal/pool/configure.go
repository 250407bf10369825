package pool

import "time"

// configure takes over what of cfg can be changed while the pool runs: what is
// asked again each time, not what a process got at its start.
func (k *core) configure(fx *effects, cfg Config, now time.Duration) {
	c := &k.cfg
	c.IdleTimeout, c.Queue, c.Timeout, c.KillGrace, c.Retry = cfg.IdleTimeout, cfg.Queue, cfg.Timeout, cfg.KillGrace, cfg.Retry
	c.MinAge, c.MaxMemory, c.BootTimeout, c.Heartbeat = cfg.MinAge, cfg.MaxMemory, cfg.BootTimeout, cfg.Heartbeat
	c.MaxRestarts, c.RestartWindow, c.OnExit = cfg.MaxRestarts, cfg.RestartWindow, cfg.OnExit
	if c.MaxCalls != cfg.MaxCalls || c.MaxAge != cfg.MaxAge {
		c.MaxCalls, c.MaxAge = cfg.MaxCalls, cfg.MaxAge
		for _, w := range k.workers {
			k.setLimits(w)
		}
	}
	k.scale(fx, cfg.Min, cfg.Max, now)
}

// Configure changes the limits of a pool that runs: the fields of cfg that
// core.configure takes; Min and Max only if scale is true, so that a Scale meanwhile
// is not undone. Calls that have been made keep their Timeout.
func (p *Pool) Configure(cfg Config, scale bool) {
	p.step(func(k *core, fx *effects, now time.Duration) {
		if !scale {
			cfg.Min, cfg.Max = k.cfg.Min, k.cfg.Max
		}
		k.configure(fx, cfg, now)
	})
}
