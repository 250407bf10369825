package rpc

import (
	"strings"
	"unicode"
)

// maxAs is the greatest length of the name of a person, in bytes.
const maxAs = 128

// lowering is the parameter of rpc.lower.
type lowering struct {
	Role Role    `json:"role" usage:"read, operate or admin: the greatest role from now on"`
	As   *string `json:"as,omitzero" usage:"the person for whom the client acts, for the log of what was changed"`
}

// lower takes rights away from the session for the rest of its life: no token
// gives them back. Its streams end, since they began with the rights before.
func (s *Session) lower(l lowering) (identity, *Error) {
	if l.Role == None {
		return identity{}, errorf(CodeParams, "role: it is read, operate or admin; to have none, close the connection")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.As != nil {
		if why := wrongAs(*l.As); why != "" {
			return identity{}, errorf(CodeParams, "as: %s", why)
		}
		if s.limit.as != "" && s.limit.as != *l.As {
			return identity{}, errorf(CodeParams, "as: the connection acts for %s already; make another one", s.limit.as)
		}
		s.limit.as = *l.As
	}
	s.limit.role = min(s.limit.role, l.Role)
	s.caller = s.limit.of(s.caller)
	for _, st := range s.streams {
		st.cancel()
	}
	return identity{s.caller.Name, s.caller.Role}, nil
}

// wrongAs says why a text is not the name of a person; "" if it is one. It
// comes from whoever has logged in at the client, and stands in the log beside
// what the daemon itself found out.
func wrongAs(as string) string {
	switch {
	case as == "":
		return "it is empty; leave it out"
	case len(as) > maxAs:
		return "it is too long: a name of at most 128 bytes"
	case strings.TrimSpace(as) != as:
		return "it begins or ends with a space"
	case strings.ContainsFunc(as, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }):
		return "it has a character that cannot be printed"
	}
	return ""
}

// limit is what rpc.lower has left of a session's rights.
type limit struct {
	role Role
	as   string
}

// of returns the caller with no more rights than that.
func (l limit) of(c Caller) Caller {
	c.Role = min(c.Role, l.role)
	if l.as != "" {
		c.As = l.as
	}
	return c
}
