//go:build darwin || freebsd

package control

import (
	"errors"

	"golang.org/x/sys/unix"
)

// solLocal is SOL_LOCAL of sys/un.h.
const solLocal = 0

// credentials are the other end's when it connected. The kernel reports at most
// sixteen groups.
func (p *peer) credentials(fd int) error {
	c, err := unix.GetsockoptXucred(fd, solLocal, unix.LOCAL_PEERCRED)
	if err != nil {
		return err
	}
	if c.Ngroups < 1 || int(c.Ngroups) > len(c.Groups) {
		return errors.New("the kernel reports no group of the client")
	}
	p.uid, p.gid, p.pid = int(c.Uid), int(c.Groups[0]), peerPID(fd)
	for _, g := range c.Groups[:c.Ngroups] {
		p.groups = append(p.groups, int(g))
	}
	p.others = int(c.Ngroups) == len(c.Groups)
	return nil
}
