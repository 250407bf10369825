package pool

import "time"

// configure takes over a cfg that differs from the one in force only in fields
// that are read each time, not in those that a process got at its start.
func (k *core) configure(fx *effects, cfg Config, now time.Duration) {
	was := k.cfg
	k.cfg = cfg
	if k.budget() == 0 {
		k.readmitAll(fx, readmitBudget)
	}
	if was.MaxCalls != cfg.MaxCalls || was.MaxAge != cfg.MaxAge {
		for _, w := range k.workers {
			k.setLimits(w)
		}
	}
	k.scale(fx, cfg.Min, cfg.Max, now)
}

// Configure changes the limits of a running pool: cfg is New's, but may differ
// in fields that no process got at its start; Funcs stay. Min and Max are taken
// only if scale is true, so that a Scale meanwhile is not undone. Calls already
// made keep their Timeout.
func (p *Pool) Configure(cfg Config, scale bool) {
	p.step(func(k *core, fx *effects, now time.Duration) {
		cfg.Funcs = k.cfg.Funcs
		if !scale {
			cfg.Min, cfg.Max = k.cfg.Min, k.cfg.Max
		}
		k.configure(fx, cfg, now)
	})
}
