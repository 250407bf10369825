package status

import "time"

// Capture is a profile or a trace of a worker, or a profile of all workers of a
// pool.
type Capture struct {
	Pool    string        `json:"pool"`
	PID     int           `json:"pid,omitempty"`     // of the worker; 0 if it is of a pool
	Worker  uint64        `json:"worker,omitempty"`  // its number in the pool
	Workers []Captured    `json:"workers,omitempty"` // of a pool: those that were asked
	Kind    string        `json:"kind"`              // "trace", or the kind of profile
	Span    time.Duration `json:"seconds"`           // that it was to cover
	Name    string        `json:"name"`              // a name for the file, as in "cpu.pb.gz"
	Bytes   []byte        `json:"bytes"`             // for go tool pprof, or go tool trace; base64 in JSON
}

// Captured is a worker that was asked for its part of the profile of a pool.
type Captured struct {
	PID    int    `json:"pid"`
	Worker uint64 `json:"worker"`          // its number in the pool
	Error  string `json:"error,omitempty"` // why it has no part in the profile
}
