package legion

import "github.com/legion-go/legion/internal/enum"

// The texts of the enumerations in files, flags and JSON. Their numbers are
// accepted, too.
var (
	pidPolicies = enum.Names{"auto", "stays", "may-change"}
	actionNames = enum.Names{"default", "event", "ignore", "system"}
)

// String returns "auto", "stays" or "may-change".
func (p PIDPolicy) String() string { return pidPolicies.Text(int(p)) }

// MarshalText returns the text of String.
func (p PIDPolicy) MarshalText() ([]byte, error) { return pidPolicies.Marshal(int(p)) }

// UnmarshalText reads that text, or the number.
func (p *PIDPolicy) UnmarshalText(text []byte) error { return enum.Set(p, pidPolicies, text) }

// String returns "default", "event", "ignore" or "system".
func (a SignalAction) String() string { return actionNames.Text(int(a)) }

// MarshalText returns the text of String.
func (a SignalAction) MarshalText() ([]byte, error) { return actionNames.Marshal(int(a)) }

// UnmarshalText reads that text, or the number.
func (a *SignalAction) UnmarshalText(text []byte) error { return enum.Set(a, actionNames, text) }
