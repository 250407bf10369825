package pool

import (
	"slices"
	"time"
)

// simToll is what an observer knows of one function's deaths and quarantine.
type simToll struct {
	sure, most int           // workers in a row that died of its calls: at least, and at most
	forgiven   bool          // a call has just ended well, or somebody has readmitted it
	spell      time.Duration // of its quarantine; 0 = there is none
	until      time.Duration
	probes     []*simCall // let through since it is in quarantine
	probed     time.Duration
}

// startedIn returns the calls that p has started, as far as its marks tell.
func (s *sim) startedIn(p *simProc) (all []*simCall) {
	for _, c := range p.w.slots {
		if c := s.byCall[c]; c != nil && (s.socket || p.marked(c)) {
			all = append(all, c)
		}
	}
	return all
}

// crashBudget is 0 for none.
func (s *sim) crashBudget() int {
	if s.k.cfg.CrashBudget == 0 {
		return 20
	}
	return max(s.k.cfg.CrashBudget, 0)
}

// charge notes the end of a process that had started some calls. It reports
// whether it died of a function in quarantine.
func (s *sim) charge(had []*simCall, d *Death) (known bool) {
	var of []int
	for _, c := range had {
		if s.tolls[c.Func].spell > 0 {
			known = true
		}
		if !slices.Contains(of, c.Func) {
			of = append(of, c.Func)
		}
	}
	for _, f := range of {
		s.tolls[f].most++
		if len(of) == 1 && !known && !d.Expected {
			s.tolls[f].sure++
		}
	}
	return known && !d.Expected
}

// pardon is what a request and a recycle do.
func (s *sim) pardon() {
	for i := range s.tolls {
		s.tolls[i].forgiven = true
	}
}

// judged takes the news of quarantines that a step had.
func (s *sim) judged(news []Quarantine) {
	for _, q := range news {
		t := &s.tolls[slices.Index(s.k.cfg.Funcs, q.Func)]
		if q.For == 0 {
			if t.spell == 0 || !t.forgiven {
				broken("%s is readmitted (%s) after a quarantine of %v", q.Func, q.Reason, t.spell)
			}
			t.spell = 0
			continue
		}
		want := time.Second
		if t.spell > 0 {
			want = min(2*t.spell, time.Minute)
		}
		if budget := s.crashBudget(); budget == 0 || q.Deaths < budget || q.Deaths > t.most || q.For != want || t.spell > 0 && len(t.probes) == 0 {
			broken("%+v, after at most %d deaths, a quarantine of %v and %d probes", q, t.most, t.spell, len(t.probes))
		}
		t.spell, t.until, t.probes = q.For, s.now+q.For, nil
	}
	for i := range s.tolls {
		if t := &s.tolls[i]; t.forgiven {
			if t.spell > 0 {
				broken("function %d is in quarantine although it was forgiven", i)
			}
			*t = simToll{}
		}
	}
}

// refuses reports whether a new call must be refused for a quarantine.
func (s *sim) refuses(c *simCall) bool {
	t := &s.tolls[c.Func]
	if t.spell == 0 {
		return false
	}
	last := len(t.probes) - 1
	return s.now < t.until || last >= 0 && t.probes[last].over == 0 && s.now < t.probed+time.Minute
}

// checkAdmission looks at whether a call was let through.
func (s *sim) checkAdmission(c *simCall, refused bool) {
	t := &s.tolls[c.Func]
	if refused != (c.Kind == Quarantined) && len(t.probes) < 2 {
		broken("a call ends as %q; it was to be refused: %v, at %v: %+v", c.Kind, refused, s.now, t)
	}
	if t.spell > 0 && c.Kind != Quarantined {
		t.probes, t.probed = append(t.probes, c), s.now
	}
}

// checkQuarantines looks at all functions: who must be in quarantine is, and
// nothing of it waits.
func (s *sim) checkQuarantines() {
	k := s.k
	for f := range s.tolls {
		t := &s.tolls[f]
		if budget := s.crashBudget(); budget > 0 && t.sure >= budget && t.spell == 0 {
			broken("%d workers in a row died of function %d, and it is not in quarantine", t.sure, f)
		}
		if in := slices.Contains(k.inQuarantine(), k.cfg.Funcs[f]); in != (t.spell > 0) {
			broken("function %d is said to be in quarantine: %v", f, in)
		}
		if t.spell == 0 {
			continue
		}
		for c := k.queue.head; c != nil; c = c.inQueue.next {
			if c.Func == f && !slices.Contains(t.probes, s.byCall[c]) && k.seq != c.seq {
				broken("call %d of a function in quarantine waits", c.seq)
			}
		}
	}
}
