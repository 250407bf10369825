package rpc

import "fmt"

// Role is what a caller may do, and what a method requires. Each role includes
// the ones before it.
type Role uint8

const (
	None    Role = iota // only what is open to all
	Read                // look at everything
	Operate             // daily operation: pause, scale, reload, call
	Admin               // everything: stop, restart, upgrade, signals
)

var roleNames = [...]string{"none", "read", "operate", "admin"}

// String returns none, read, operate or admin.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("Role(%d)", uint8(r))
}

// ParseRole reads what String writes.
func ParseRole(s string) (Role, error) {
	for i, name := range roleNames {
		if s == name {
			return Role(i), nil
		}
	}
	return None, fmt.Errorf("the role %q is unknown: it is none, read, operate or admin", s)
}

// MarshalText writes what String returns.
func (r Role) MarshalText() ([]byte, error) {
	if int(r) >= len(roleNames) {
		return nil, fmt.Errorf("there is no role %d", uint8(r))
	}
	return []byte(roleNames[r]), nil
}

// UnmarshalText reads what ParseRole reads.
func (r *Role) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRole(string(text))
	return err
}
