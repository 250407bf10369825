// Package state is what the daemon has told: one value, which one goroutine
// uses.
package state

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/legion-go/legion/status"
	"github.com/legion-go/legion/top/internal/feed"
)

// State is what is known. Maps have the keys of the topics of the same names.
type State struct {
	Hello     status.Hello
	Role      string
	Connected bool
	Lost      feed.Lost // why it is not connected
	At        time.Time // of the newest item

	Daemon  status.Daemon
	Pools   map[string]status.PoolStats
	Funcs   map[string]status.FuncStats
	Workers map[string]feed.Worker
	Calls   map[string]status.CallInfo
	Slow    map[string]status.CallInfo
	Deaths  map[string]status.Death
	Kinds   map[string]status.DeathKind
	Crons   map[string]status.Cron
	Tasks   map[string]status.Task
	Plugins map[string]status.Plugin

	History map[string][]status.Sample // the last seconds of each pool and function, oldest first
	Logs    Tail[feed.Record]
	Events  Tail[status.Event]
	Marks   []string // what happened to the connection: an upgrade
}

// seconds is how much of the past is kept here; the daemon has more.
const seconds = 400

// Apply takes in what the feed tells, and reports whether anything that is
// shown may have changed.
func (s *State) Apply(told any) bool {
	switch u := told.(type) {
	case feed.Connected:
		if s.Hello.PID != 0 && s.Hello.PID != u.Hello.PID {
			s.Marks = append(s.Marks, u.Hello.Started.Local().Format("15:04:05")+" process "+u.Hello.Name+" goes on")
		}
		s.Hello, s.Role, s.Connected = u.Hello, u.Role, true
	case feed.Lost:
		s.Lost, s.Connected = u, false
	case *feed.Update[status.Daemon]:
		if d, ok := u.Set["daemon"]; ok {
			s.Daemon = d
		}
		s.At = u.At
	case *feed.Update[status.PoolStats]:
		apply(s, &s.Pools, u)
	case *feed.Update[status.FuncStats]:
		apply(s, &s.Funcs, u)
	case *feed.Update[feed.Worker]:
		apply(s, &s.Workers, u)
	case *feed.Update[status.CallInfo]:
		if u.Topic == "slow" {
			apply(s, &s.Slow, u)
		} else {
			apply(s, &s.Calls, u)
		}
	case *feed.Update[status.Death]:
		apply(s, &s.Deaths, u)
	case *feed.Update[status.DeathKind]:
		apply(s, &s.Kinds, u)
	case *feed.Update[status.Cron]:
		apply(s, &s.Crons, u)
	case *feed.Update[status.Task]:
		apply(s, &s.Tasks, u)
	case *feed.Update[status.Plugin]:
		apply(s, &s.Plugins, u)
	case *feed.Update[status.Sample]:
		s.sampled(u)
	case *feed.Update[feed.Record]:
		s.Logs.add(u.Add, u.Missed)
	case *feed.Update[status.Event]:
		s.Events.add(u.Add, u.Missed)
	default:
		return false
	}
	return true
}

// apply takes an item of a topic into its map.
func apply[V any](s *State, to *map[string]V, u *feed.Update[V]) {
	s.At = u.At
	if u.Full || *to == nil {
		*to = map[string]V{}
	}
	maps.Copy(*to, u.Set)
	for _, key := range u.Gone {
		delete(*to, key)
	}
}

// sampled adds samples. An item has only those that changed: the others are as
// before.
func (s *State) sampled(u *feed.Update[status.Sample]) {
	s.At = u.At
	if s.History == nil {
		s.History = map[string][]status.Sample{}
	}
	for _, key := range u.Gone {
		delete(s.History, key)
	}
	for key, samples := range s.History {
		if _, changed := u.Set[key]; !changed && len(samples) > 0 {
			s.keep(key, samples[len(samples)-1])
		}
	}
	for key, sample := range u.Set {
		s.keep(key, sample)
	}
}

func (s *State) keep(key string, sample status.Sample) {
	all := append(s.History[key], sample)
	s.History[key] = all[max(0, len(all)-seconds):]
}

// Past takes in samples from before, which the daemon was asked for.
func (s *State) Past(key string, samples []status.Sample) {
	if s.History == nil {
		s.History = map[string][]status.Sample{}
	}
	all := append(slices.Clone(samples), s.History[key]...)
	s.History[key] = all[max(0, len(all)-seconds):]
}

// PoolNames are the names of the pools, sorted.
func (s *State) PoolNames() []string { return slices.Sorted(maps.Keys(s.Pools)) }

// Of returns the entries of a map whose keys begin with a pool's name.
func Of[V any](all map[string]V, pool string) map[string]V {
	found := map[string]V{}
	for key, v := range all {
		if strings.HasPrefix(key, pool+"/") {
			found[key] = v
		}
	}
	return found
}

// May reports whether the user has a role.
func (s *State) May(role string) bool {
	order := []string{"read", "operate", "admin"}
	return slices.Index(order, s.Role) >= slices.Index(order, role)
}

// Tail is the last of a list that grows.
type Tail[V any] struct {
	All    []V
	Missed uint64 // that were left out, because they came too fast
	Begun  uint64 // how many were dropped at the front
}

// kept is how many entries of a tail are kept.
const kept = 2000

func (t *Tail[V]) add(more []V, missed uint64) {
	t.Missed += missed
	t.All = append(t.All, more...)
	if over := len(t.All) - kept; over > 0 {
		t.All = append([]V(nil), t.All[over:]...)
		t.Begun += uint64(over)
	}
}
