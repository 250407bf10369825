package legion

import (
	"fmt"
	"reflect"

	"github.com/legion-go/legion/internal/pool"
)

// Configure changes limits of the pool while it runs. change gets the current
// limits, with the defaults filled in; a limit that it sets to zero gets its
// default again. Min, Max, IdleTimeout, Timeout, KillGrace, Queue, Retry,
// MaxCalls, MaxAge, MinAge, MaxMemory, BootTimeout, Heartbeat, MaxRestarts,
// RestartWindow, CrashBudget, KeepArgument and OnExit can be changed. The
// others are fixed by the declaration: changing one is a *[FieldError]. After
// an error, also one of change, nothing is changed. Calls already made keep
// their Timeout. An upgrade or a restart begins with the declared limits.
// change must not call Configure of the same pool, which would wait for itself.
//
// A handler of Reload, for instance, can call it after reading a file again.
func (s *Supervisor) Configure(change func(*Pool) error) error {
	p, err := s.p.pool()
	if err != nil {
		return err
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	now := s.p.changed
	summary := p.Summary()
	now.Min, now.Max = summary.Min, summary.Max // Scale changes them too
	next := now
	next.Sandbox = now.Sandbox.Clone()
	if err := change(&next); err != nil {
		return err
	}
	lowest := next.Min
	if err = next.resolve(); err == nil {
		err = mustKeep(now, next)
	}
	if err != nil {
		return fmt.Errorf("legion: configuring pool %s: %w", s.p.name, err)
	}
	if lowest == now.Min && next.Spawn != Eager {
		next.Min = lowest // 0 if the pool was scaled to that
	}
	return s.unlessEnding("configuring", func(p *pool.Pool) {
		s.p.changed = next
		p.Configure(s.p.core(next), next.Min != now.Min || next.Max != now.Max)
	})
}

// mustKeep refuses changes of fields that cannot be changed.
func mustKeep(now, next Pool) error {
	c := checks{of: "Pool"}
	was, is := reflect.ValueOf(now), reflect.ValueOf(next)
	for i, field := range reflect.VisibleFields(was.Type()) {
		if !live(field.Name) {
			c.that(same(was.Field(i), is.Field(i)), field.Name, "cannot be changed while the pool runs: it is fixed by the declaration")
		}
	}
	return c.err()
}

// same compares two fields; functions by their code.
func same(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Func:
		return a.Pointer() == b.Pointer()
	case reflect.Pointer:
		return reflect.DeepEqual(a.Interface(), b.Interface())
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
