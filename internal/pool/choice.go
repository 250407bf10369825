package pool

import "github.com/legion-go/legion/internal/enum"

// Spawn says when a pool starts its workers.
type Spawn int

const (
	Mixed Spawn = iota // Min at the start, more when calls wait
	Lazy               // none at the start, the first worker with the first call
	Eager              // Max at the start
)

var spawns = enum.Names{"mixed", "lazy", "eager"}

// String returns "mixed", "lazy" or "eager".
func (s Spawn) String() string { return spawns.Text(int(s)) }

// MarshalText writes what String returns.
func (s Spawn) MarshalText() ([]byte, error) { return spawns.Marshal(int(s)) }

// UnmarshalText reads it, or the number.
func (s *Spawn) UnmarshalText(text []byte) error { return enum.Set(s, spawns, text) }

// OnExit says what happens when a looping worker ends unexpectedly, or its loop
// ends.
type OnExit int

const (
	Restart    OnExit = iota // a new one takes its place
	StopDaemon               // the daemon stops: Hooks.Stop
	Ignore                   // the others go on without it
)

var onExits = enum.Names{"restart", "stop-daemon", "ignore"}

// String returns "restart", "stop-daemon" or "ignore".
func (o OnExit) String() string { return onExits.Text(int(o)) }

// MarshalText writes what String returns.
func (o OnExit) MarshalText() ([]byte, error) { return onExits.Marshal(int(o)) }

// UnmarshalText reads it, or the number.
func (o *OnExit) UnmarshalText(text []byte) error { return enum.Set(o, onExits, text) }
