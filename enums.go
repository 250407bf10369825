package legion

import "github.com/legion-go/legion/internal/enum"

// The texts of the enumerations, as files, flags and JSON have them. Their numbers
// are read, too.
var (
	spawns      = enum.Names{"mixed", "lazy", "eager"}
	transports  = enum.Names{"default", "shared-memory", "socket"}
	onExits     = enum.Names{"restart", "stop-daemon", "ignore"}
	pidPolicies = enum.Names{"auto", "stays", "may-change"}
	actionNames = enum.Names{"default", "event", "ignore", "system"}
)

// parseEnum is UnmarshalText.
func parseEnum[T ~int](to *T, names enum.Names, text []byte) error {
	v, err := names.Parse(text)
	if err == nil {
		*to = T(v)
	}
	return err
}

// String returns "mixed", "lazy" or "eager".
func (s Spawn) String() string { return spawns.Text(int(s)) }

// MarshalText writes what String returns.
func (s Spawn) MarshalText() ([]byte, error) { return spawns.Marshal(int(s)) }

// UnmarshalText reads it, or the number.
func (s *Spawn) UnmarshalText(text []byte) error { return parseEnum(s, spawns, text) }

// String returns "default", "shared-memory" or "socket".
func (t Transport) String() string { return transports.Text(int(t)) }

// MarshalText writes what String returns.
func (t Transport) MarshalText() ([]byte, error) { return transports.Marshal(int(t)) }

// UnmarshalText reads it, or the number.
func (t *Transport) UnmarshalText(text []byte) error { return parseEnum(t, transports, text) }

// String returns "restart", "stop-daemon" or "ignore".
func (o OnExit) String() string { return onExits.Text(int(o)) }

// MarshalText writes what String returns.
func (o OnExit) MarshalText() ([]byte, error) { return onExits.Marshal(int(o)) }

// UnmarshalText reads it, or the number.
func (o *OnExit) UnmarshalText(text []byte) error { return parseEnum(o, onExits, text) }

// String returns "auto", "stays" or "may-change".
func (p PIDPolicy) String() string { return pidPolicies.Text(int(p)) }

// MarshalText writes what String returns.
func (p PIDPolicy) MarshalText() ([]byte, error) { return pidPolicies.Marshal(int(p)) }

// UnmarshalText reads it, or the number.
func (p *PIDPolicy) UnmarshalText(text []byte) error { return parseEnum(p, pidPolicies, text) }

// String returns "default", "event", "ignore" or "system".
func (a SignalAction) String() string { return actionNames.Text(int(a)) }

// MarshalText writes what String returns.
func (a SignalAction) MarshalText() ([]byte, error) { return actionNames.Marshal(int(a)) }

// UnmarshalText reads it, or the number.
func (a *SignalAction) UnmarshalText(text []byte) error { return parseEnum(a, actionNames, text) }
