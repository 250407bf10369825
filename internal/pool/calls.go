package pool

import (
	"cmp"
	"slices"
)

// mostCalls is how many running calls, and how many waiting ones, are listed.
const mostCalls = 200

// Calls returns the calls in workers and those that wait in the daemon, of each
// the oldest 200, the oldest first.
func (p *Pool) Calls() (running, waiting []CallInfo) {
	p.mu.Lock()
	var in, out []callRecord
	now := p.now()
	for _, c := range p.core.oldest() {
		in = append(in, callRecord{})
		c.record(&in[len(in)-1], now)
	}
	for c := p.core.queue.head; c != nil && len(out) < mostCalls; c = p.core.queue.of(c).next {
		out = append(out, callRecord{})
		c.record(&out[len(out)-1], now)
	}
	p.mu.Unlock()
	return p.infos(in), p.infos(out)
}

// oldest returns the oldest calls in workers, the oldest first.
func (k *core) oldest() (all []*Call) {
	sort := func() {
		slices.SortFunc(all, func(a, b *Call) int { return cmp.Compare(a.seq, b.seq) })
		all = all[:min(len(all), mostCalls)]
	}
	for _, w := range k.workers {
		if w.load == 0 {
			continue
		}
		for _, c := range w.slots {
			if c != nil {
				all = append(all, c)
			}
		}
		if len(all) > 8*mostCalls { // so that sorting many takes no longer than reading them
			sort()
		}
	}
	sort()
	return all
}

// Slowest returns the slowest 16 calls of each function that ended in the last
// hour, by function, the slowest first.
func (p *Pool) Slowest() []CallInfo {
	p.mu.Lock()
	var all []callRecord
	now := p.now()
	for i := range p.core.funcs {
		all = append(all, p.core.funcs[i].slow.list(now)...)
	}
	p.mu.Unlock()
	return p.infos(all)
}

// infos needs no lock.
func (p *Pool) infos(all []callRecord) []CallInfo {
	at := p.wall()
	infos := make([]CallInfo, 0, len(all))
	for _, t := range all {
		infos = append(infos, p.info(t, at))
	}
	return infos
}
