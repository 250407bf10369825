package control

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// credentials are those that the other end had when it connected.
func (p *peer) credentials(fd int) error {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return err
	}
	p.uid, p.gid, p.pid = int(c.Uid), int(c.Gid), int(c.Pid)
	groups, all := peerGroups(fd)
	p.groups, p.others = append(groups, p.gid), !all
	return nil
}

// peerGroups asks the kernel for the supplementary groups, which Linux 4.13 and
// later report.
func peerGroups(fd int) (groups []int, all bool) {
	raw := make([]uint32, 64)
	for {
		size := uint32(len(raw) * 4)
		_, _, err := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&raw[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case err == 0:
			groups = make([]int, size/4)
			for i := range groups {
				groups[i] = int(raw[i])
			}
			return groups, true
		case errors.Is(err, unix.ERANGE) && int(size) > len(raw)*4:
			raw = make([]uint32, size/4)
		default:
			return nil, false
		}
	}
}
