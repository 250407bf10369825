package status

import "time"

// LogStats are the figures of the daemon's log since the start.
type LogStats struct {
	Written uint64 `json:"written"` // records in the log; with Config.Logger those given to it
	Dropped uint64 `json:"dropped"` // records missing from the log, because the log or the loop was too slow, or a worker printed too much
	Failure string `json:"failure"` // why nothing can be written now; "" if it can
}

// Stats are the figures of a daemon. They can be encoded as JSON; the control
// socket and SIGUSR1 do so, with durations in seconds.
type Stats struct {
	Name   string      `json:"name"`
	PID    int         `json:"pid"`
	State  string      `json:"state"` // declared, starting, running, stopping, stopped
	Loop   LoopStats   `json:"loop"`
	Pools  []PoolStats `json:"pools"`            // in the order of declaration
	Shared []Shared    `json:"shared,omitempty"` // in the order of declaration

	Healthy   bool   `json:"healthy"`             // see Daemon.Healthy
	Unhealthy string `json:"unhealthy,omitempty"` // why it is not

	User    string        `json:"user"`  // the user the daemon runs as: its name, or its number if it has no name
	Group   string        `json:"group"` // likewise
	UID     int           `json:"uid"`   // the effective ones
	GID     int           `json:"gid"`
	Parent  int           `json:"parent"`   // process id of the parent
	LogFile string        `json:"log_file"` // absolute path of Config.LogFile; "" if it is not set
	Uptime  time.Duration `json:"uptime"`   // since Start returned
	CPU     time.Duration `json:"cpu"`      // user and system time of the daemon's process
	Memory  MemoryStats   `json:"memory"`
	Load    [3]float64    `json:"load"` // the machine's load over 1, 5 and 15 minutes; 0 where it is not known
	Host    string        `json:"host"`

	Events  map[string]uint64 `json:"events"`  // how many times each type of event was emitted
	Plugins map[string]any    `json:"plugins"` // what plugins add, by name
	Extra   map[string]any    `json:"extra"`   // what handlers of *Stats events add
	Log     LogStats          `json:"log"`
}

// MemoryStats describe the resident memory of the daemon's process, in bytes; 0
// where it is not known.
type MemoryStats struct {
	Now     uint64 `json:"now"`
	Initial uint64 `json:"initial"` // at the end of Start
	Peak    uint64 `json:"peak"`
}

// Shared is a value that the workers share: see legion.Share.
type Shared struct {
	Name   string    `json:"name"`
	Bytes  uint64    `json:"bytes"`
	Loaded time.Time `json:"loaded"` // when the load of the present value ended
	Kept   uint64    `json:"kept"`   // bytes of earlier values that stay in memory, because the daemon's code has read them
}

// LoopStats are the figures of the daemon's loop.
type LoopStats struct {
	Ticks    uint64        `json:"ticks"`    // calls of functions given to Every
	Missed   uint64        `json:"missed"`   // ticks skipped because the loop was late
	Overruns uint64        `json:"overruns"` // ticks that took longer than their interval
	Panics   uint64        `json:"panics"`   // functions of the loop that panicked
	Pending  int           `json:"pending"`  // functions waiting for the loop
	LeftOut  uint64        `json:"left_out"` // events and signals dropped because the loop was too slow
	Running  time.Duration `json:"running"`  // how long the current function has been running; 0 if no function runs
	Busy     time.Duration `json:"busy"`     // how long functions have run, Running included
	Idle     time.Duration `json:"idle"`     // how long no function has run, since the loop began
}
