package control

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"

	"github.com/legion-go/legion/internal/host"
)

// peer is the other end of a connection.
type peer struct {
	key      string // whose share of everything it uses
	operator bool   // root or the process's own user, on a Unix socket, and no worker
	worker   bool   // one of the daemon's workers, or started by one

	uid, gid, pid int   // on a Unix socket; -1, of the pid 0, if they are not known
	groups        []int // all of them, gid too
	others        bool  // there may be more groups than the kernel has told
	certs         []string

	ip string // on TCP: address and port
}

// name is who it is, for people.
func (p peer) name() string {
	switch {
	case len(p.certs) > 0:
		return "cert " + p.certs[0]
	case p.uid >= 0 && p.pid > 0:
		return fmt.Sprintf("uid %d pid %d", p.uid, p.pid)
	case p.uid >= 0:
		return fmt.Sprintf("uid %d", p.uid)
	case p.ip != "":
		return p.ip
	}
	return "somebody unknown"
}

// errNoCredentials says that the system does not tell who is at the other end.
var errNoCredentials = errors.New("the system does not say who is at the other end of a Unix socket")

// peerOf finds out who has connected. self is the user of this process.
func peerOf(conn net.Conn, a Address, self int) (peer, error) {
	p := peer{uid: -1, gid: -1}
	if a.Network != "unix" {
		p.ip = conn.RemoteAddr().String()
		p.key = ipKey(conn.RemoteAddr())
		return p, nil
	}
	err := onDescriptor(conn, func(fd int) (err error) { return p.credentials(fd) })
	if errors.Is(err, errNoCredentials) && a.mode()&0o077 == 0 {
		p.uid, err = self, nil // nobody else can connect
	}
	p.key = "uid " + strconv.Itoa(p.uid)
	p.operator = p.uid >= 0 && (p.uid == 0 || p.uid == self)
	return p, err
}

// ipKey is the address of a client: who has one address of IPv6 has a whole /64
// of them.
func ipKey(a net.Addr) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	ip := tcp.AddrPort().Addr().Unmap()
	if ip.Is6() && !ip.IsLoopback() {
		if network, err := netip.AddrFrom16(ip.As16()).Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}

// member reports whether it belongs to a group. Where the kernel has not told
// them all, the others are looked up.
func (p peer) member(gid int) bool {
	if slices.Contains(p.groups, gid) || !p.others {
		return slices.Contains(p.groups, gid)
	}
	who, err := host.Lookup(strconv.Itoa(p.uid), "")
	return err == nil && slices.Contains(who.Groups, gid)
}

// onDescriptor runs fn on the descriptor of a connection or file.
func onDescriptor(conn any, fn func(fd int) error) error {
	has, ok := conn.(syscall.Conn)
	if !ok {
		return errors.New("it has no descriptor")
	}
	return host.OnDescriptor(has, fn)
}
