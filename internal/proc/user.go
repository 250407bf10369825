package proc

import (
	"fmt"
	"os"
	"syscall"

	"github.com/legion-go/legion/internal/host"
)

// MayBecome reports, as an error, why this process cannot start children that
// run as to, and end them. A process may always start children of its own user
// and group.
func MayBecome(to host.Identity) error {
	err := privileged()
	if err == nil || to.UID == os.Geteuid() && to.GID == os.Getegid() {
		return nil
	}
	return fmt.Errorf("workers cannot run as user %d, group %d: %w", to.UID, to.GID, err)
}

// credential returns what makes the child another user, without supplementary
// groups; nil if it remains this one.
func (s *Spec) credential() (*syscall.Credential, error) {
	if s.User == nil {
		return nil, nil
	}
	if err := MayBecome(*s.User); err != nil {
		return nil, err
	}
	if privileged() != nil {
		return nil, nil // it is this user already
	}
	return &syscall.Credential{Uid: uint32(s.User.UID), Gid: uint32(s.User.GID)}, nil
}
