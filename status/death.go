package status

import "time"

// Death is the certificate of how a worker or a task's process ended, if its
// end was not planned, or if a deadline, a cancellation, a limit or a person
// ended it. The daemon keeps the last 32, in memory; an upgrade and a restart
// pass them on.
type Death struct {
	Number uint64    `json:"number"` // counts the deaths of the daemon, from 1; an upgrade and a restart go on counting
	Time   time.Time `json:"time"`
	Pool   string    `json:"pool"`   // or the task's name
	Worker uint64    `json:"worker"` // its number in the pool
	PID    int       `json:"pid"`    // 0 if the process could not be started

	// Cause is one of [DeathCauses]: exit, signal, out_of_memory (the system or the
	// Go runtime ended it), memory_limit (Legion did), forbidden (by its sandbox),
	// deadline, cancel, heartbeat (it gave no sign of life), kill (by hand),
	// protocol, boot (before it was ready, in whatever way) or stop (it did not
	// leave in time).
	Cause string `json:"cause"`
	Why   string `json:"why"`  // in one sentence
	Kind  string `json:"kind"` // eight hexadecimal digits: the same for deaths of the same pool, cause and frame
	// Expected says that the end was intended: Cause is deadline, cancel, kill or
	// stop.
	Expected bool   `json:"expected"`
	Code     int    `json:"code"`   // exit code; -1 if a signal ended it
	Signal   string `json:"signal"` // that ended it, as in "SIGSEGV"; "" if none did
	Frame    string `json:"frame"`  // the innermost function of the program in the stack, as in "main.decode (bomb.go:14)"; "" if none is known

	Age         time.Duration `json:"age"`   // of the process
	Calls       uint64        `json:"calls"` // that ended in it before
	User        time.Duration `json:"user"`  // CPU time
	System      time.Duration `json:"system"`
	MaxRSS      uint64        `json:"max_rss"`      // the most memory that was resident, in bytes
	MemoryLimit uint64        `json:"memory_limit"` // Pool.MemoryLimit, in bytes; 0 if there is none

	// For a client with the role read, Stack and Stderr only say that they need
	// another role. Lists of deaths have neither, and no Timeline.
	Stack  string   `json:"stack,omitempty"`  // at most 64 KiB
	Stderr []string `json:"stderr,omitempty"` // its last lines, at most 64

	Call     *DeathCall  `json:"call,omitempty"`   // whose worker died of it, as far as that is known: the one for which it was ended, or the oldest
	Others   []DeathCall `json:"others,omitempty"` // the others that ran in it
	Timeline []Moment    `json:"timeline,omitempty"`

	Argument   bool   `json:"argument"`              // of Call: it is kept, and can be replayed and exported; see Pool.KeepArgument
	NoArgument string `json:"no_argument,omitempty"` // why it is not kept, although Pool.KeepArgument is set
	Blobs      []Blob `json:"blobs,omitempty"`       // recordings that death.export has
}

// DeathCauses are the values of Death.Cause, and the keys of
// PoolStats.DeathsBy.
var DeathCauses = []string{
	"exit", "signal", "out_of_memory", "memory_limit", "forbidden", "deadline", "cancel", "heartbeat", "protocol", "boot",
	"stop", "kill",
}

// DeathCall is a call that ran in a worker when it died.
type DeathCall struct {
	Number  uint64        `json:"number"` // in its pool, as in CallInfo
	Func    string        `json:"func"`
	Queued  time.Time     `json:"queued"`
	Started time.Time     `json:"started"` // when the worker began it
	Wait    time.Duration `json:"wait"`    // from Queued to Started
	Run     time.Duration `json:"run"`     // from Started to the end of the process
	Arg     int           `json:"arg"`     // encoded size of the argument, in bytes
	Timeout time.Duration `json:"timeout"` // its limit; 0 if it has none
}

// Moment is an entry of the timeline of a death.
type Moment struct {
	At time.Time `json:"at"`
	// What is spawned, ready, submitted, started, deadline, cancel or stop (of the
	// call), grace (KillGrace has passed), SIGABRT, SIGKILL or reaped.
	What string `json:"what"`
}

// Blob is a recording that belongs to a death, such as a trace or a profile.
type Blob struct {
	Name  string `json:"name"` // of the file
	Bytes int    `json:"bytes"`
}

// DeathKind is a group of deaths that are alike: of the same pool, cause and
// frame. Death describes these.
type DeathKind struct {
	Kind   string    `json:"kind"`
	Pool   string    `json:"pool"`
	Cause  string    `json:"cause"`
	Frame  string    `json:"frame"`
	Why    string    `json:"why"` // of the newest death
	Count  uint64    `json:"count"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Number uint64    `json:"number"` // of its newest certificate that is kept; 0 if none is
}
