package deaths

import (
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/legion-go/legion/internal/where"
	"github.com/legion-go/legion/status"
)

// maxKinds is how many kinds are kept.
const maxKinds = 128

// kinds counts deaths that are alike.
type kinds struct {
	all     map[string]*status.DeathKind
	leftOut status.DeathKind // what is left of those that are not kept
	lost    int              // how often one was given up; some may have come again
}

// count counts d, and reports whether it is the first of its kind.
func (k *kinds) count(d *status.Death) (first bool) {
	kind := k.all[d.Kind]
	if first = kind == nil; first {
		if len(k.all) >= maxKinds {
			k.forget()
		}
		if k.all == nil {
			k.all = map[string]*status.DeathKind{}
		}
		kind = &status.DeathKind{Kind: d.Kind, Pool: d.Pool, Cause: d.Cause, First: d.Time}
		k.all[d.Kind] = kind
	}
	kind.Count++
	kind.Last, kind.Frame, kind.Why, kind.Number = d.Time, d.Frame, d.Why, d.Number
	return first
}

// forget gives up the kind with the fewest deaths, and of several the one that
// came last the longest ago.
func (k *kinds) forget() {
	var least *status.DeathKind
	for _, kind := range k.all {
		if least == nil || kind.Count < least.Count || kind.Count == least.Count && kind.Last.Before(least.Last) {
			least = kind
		}
	}
	delete(k.all, least.Kind)
	k.lost++
	k.leave(least.Count, least.First, least.Last)
}

// leave counts deaths of kinds that are not kept.
func (k *kinds) leave(n uint64, first, last time.Time) {
	k.leftOut.Count += n
	if k.leftOut.First.IsZero() || first.Before(k.leftOut.First) {
		k.leftOut.First = first
	}
	if last.After(k.leftOut.Last) {
		k.leftOut.Last = last
	}
}

// Kinds returns the kinds, those with the most deaths first. If there were more
// than are kept, the last entry, without a Kind, counts the deaths of the
// others.
func (r *Registry) Kinds() []status.DeathKind {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.listKinds()
	if r.kinds.lost > 0 {
		rest := r.kinds.leftOut
		rest.Why = fmt.Sprintf("left out: the deaths of kinds with fewer; the %d kinds with the most are kept", maxKinds)
		list = append(list, rest)
	}
	return list
}

// listKinds returns the kinds that are kept. It is called with the lock.
func (r *Registry) listKinds() []status.DeathKind {
	oldest := r.number + 1
	if len(r.kept) > 0 {
		oldest = r.kept[0].Number
	}
	list := make([]status.DeathKind, 0, len(r.kinds.all)+1)
	for _, kind := range r.kinds.all {
		one := *kind
		if one.Number < oldest {
			one.Number = 0
		}
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b status.DeathKind) int {
		if a.Count != b.Count {
			if a.Count > b.Count {
				return -1
			}
			return 1
		}
		return b.Last.Compare(a.Last)
	})
	return list
}

// fingerprint is the same for deaths that are alike: of the same pool, cause
// and function of the program; and where no function is known, of the same
// signal, exit code and called function. The line does not count: a hanging
// function is killed on any of its lines.
func fingerprint(d *status.Death) string {
	h := fnv.New32a()
	fmt.Fprintf(h, "%q %q %q", d.Pool, d.Cause, where.Func(d.Frame))
	if d.Frame == "" {
		fn := ""
		if d.Call != nil {
			fn = d.Call.Func
		}
		fmt.Fprintf(h, " %q %d %q", d.Signal, d.Code, fn)
	}
	return fmt.Sprintf("%08x", h.Sum32())
}
