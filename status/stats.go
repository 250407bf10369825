package status

import "time"

// LogStats are the figures of the daemon's log since the start.
type LogStats struct {
	Written uint64 `json:"written"` // records in the log; with Config.Logger those given to it
	Dropped uint64 `json:"dropped"` // records missing from the log, because the log or the loop was too slow, or a worker printed too much
	Failure string `json:"failure"` // why nothing can be written now; "" if it can
	Level   string `json:"level"`   // below which records are left out, as in "INFO" or "DEBUG+2"; "": Config.Logger decides

	Levels LogLevels `json:"levels"` // the records given to the log, those that it has dropped included
}

// LogLevels counts records by level. A level between two of these counts as the
// lower one, one below debug as debug.
type LogLevels struct {
	Debug uint64 `json:"debug"`
	Info  uint64 `json:"info"`
	Warn  uint64 `json:"warn"`
	Error uint64 `json:"error"`
}

// Stats are the figures of a daemon. They can be encoded as JSON; the control
// socket and SIGUSR1 do so, with durations in seconds.
type Stats struct {
	Name  string `json:"name"`
	PID   int    `json:"pid"`
	State string `json:"state"` // declared, starting, running, stopping, stopped

	Version string `json:"version"` // of the program
	Legion  string `json:"legion"`  // of this module

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

	Events  map[string]uint64      `json:"events"`  // how many times each type of event was emitted
	Plugins map[string]any         `json:"plugins"` // what plugins add, by name
	Extra   map[string]any         `json:"extra"`   // what handlers of *Stats events add
	Log     LogStats               `json:"log"`
	Crons   []Cron                 `json:"crons"`   // those of Cron, in the order of declaration
	Control ControlStats           `json:"control"` // since this process has served the control socket
	Changes map[string]ChangeCount `json:"changes"` // by what they are: reload, upgrade, restart; what has not occurred may be missing
}

// ControlStats are the figures of the control socket.
type ControlStats struct {
	Connections int `json:"connections"` // open now
	// Requests counts the requests that a method or an HTTP path has answered, by
	// its name and the code of the answer: of a method 0 or that of the error, of a
	// path ("GET /readyz") the HTTP status. Names that do not exist count as
	// "_other", and so do the codes of a method after the 16th.
	Requests map[string]map[string]uint64 `json:"requests"`
	// Refused counts connections and requests that nothing has answered, by
	// reason. The keys are in [RefusalReasons]; one that has not occurred is
	// missing.
	Refused map[string]uint64 `json:"refused"`
}

// RefusalReasons are the keys of ControlStats.Refused: the client has no role
// that suffices, came too fast or too many at once, sent what cannot be read,
// is too large, asked for nothing that exists, was too slow, or came while the
// daemon stopped.
var RefusalReasons = []string{"role", "busy", "malformed", "too_large", "not_found", "timeout", "stopping"}

// ChangeCount counts changes of one kind.
type ChangeCount struct {
	OK     uint64 `json:"ok"` // of upgrades, also those that have led to this process, one after the other
	Failed uint64 `json:"failed"`
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
