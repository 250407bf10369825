package worker

import "sync/atomic"

// Tally counts the work of a worker so far.
type Tally struct {
	Calls atomic.Uint64 // begun
	Turns atomic.Uint64 // iterations of its own loop, begun
}
