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

// peer is the client at the other end of a connection.
type peer struct {
	key      string // of the share that it uses
	operator bool   // root or the process's own user, on a Unix socket, but not a worker
	worker   bool   // one of the daemon's workers, or started by one

	uid, gid, pid int   // on a Unix socket; -1, for pid 0, if not known
	groups        []int // all of them, gid too
	others        bool  // there may be more groups than the kernel reported
	certs         []string

	ip string // on TCP: address and port
}

// name is the client's name for people.
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
	return "an unknown client"
}

// errNoCredentials says that the system does not identify the other end.
var errNoCredentials = errors.New("the system does not identify the other end of a Unix socket")

// peerOf identifies the client. self is the user of this process.
func peerOf(conn net.Conn, a Address, self int) (peer, error) {
	p := peer{uid: -1, gid: -1}
	if a.Network != "unix" {
		p.ip = conn.RemoteAddr().String()
		p.key = ipKey(conn.RemoteAddr())
		return p, nil
	}
	err := onDescriptor(conn, func(fd int) (err error) { return p.credentials(fd) })
	if errors.Is(err, errNoCredentials) && a.mode()&0o077 == 0 {
		p.uid, err = self, nil // only our own user can connect
	}
	p.key = "uid " + strconv.Itoa(p.uid)
	p.operator = p.uid >= 0 && (p.uid == 0 || p.uid == self)
	return p, err
}

// ipKey is the address of a client, of IPv6 its /64: one client usually has a
// whole /64.
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

// member reports whether the client belongs to a group. Groups that the kernel
// did not report are looked up.
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
