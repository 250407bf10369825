package pool

import "github.com/legion-go/legion/status"

// reason is why a worker ended as intended: an index into
// status.RecycleReasons.
type reason uint8

const (
	forCalls   reason = iota // MaxCalls, or its only one
	forAge                   // MaxAge
	forMemory                // MaxMemory
	forIdle                  // IdleTimeout, and spares that are too many
	forScale                 // Max is lower now
	forReload                // all workers are replaced
	forRequest               // somebody wants this one, or all, to end
	forStop                  // the pool stops
	forLoop                  // its own loop has ended

	reasons = 9
)

// recycles are the counts by the names of their reasons, without zeros.
func recycles(counts [reasons]uint64) map[string]uint64 {
	by := map[string]uint64{}
	for i, n := range counts {
		if n > 0 {
			by[status.RecycleReasons[i]] = n
		}
	}
	return by
}
