package proc

import (
	"fmt"
	"os"
	"syscall"

	"github.com/legion-go/legion/internal/host"
)

// identity returns whom the child becomes, nil for Spec.User "".
func (s *Spec) identity() (*host.Identity, error) {
	if s.User == "" {
		return nil, nil
	}
	to, err := host.LookupPair(s.User)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", "User "+s.User, err)
	}
	if err := mayBecome(to); err != nil {
		return nil, &unableError{fmt.Errorf("%s: %w", "User "+s.User, err)}
	}
	return &to, nil
}

// unableError says that this process cannot become another user. Any other
// error of identity is about the user, or the files with the accounts: no child
// may run as the daemon for that.
type unableError struct{ error }

// mayBecome reports, as an error, why this process cannot start children that
// run as to, and end them. A process may always start children of its own user
// and group.
func mayBecome(to host.Identity) error {
	if isOwn(to) {
		return nil
	}
	return privileged()
}

func isOwn(to host.Identity) bool { return to.UID == os.Geteuid() && to.GID == os.Getegid() }

// credential returns what makes the child another user, without supplementary
// groups; nil if it remains this one, with its groups, because it cannot give
// them up.
func credential(to *host.Identity) *syscall.Credential {
	if to == nil || isOwn(*to) && privileged() != nil {
		return nil
	}
	return &syscall.Credential{Uid: uint32(to.UID), Gid: uint32(to.GID)}
}
