package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/legion-go/legion/internal/host"
	"github.com/legion-go/legion/internal/rpc"
)

// Address is where a server listens, and how.
type Address struct {
	Network string // "unix" or "tcp"
	Addr    string // an absolute path, or host:port; "" is a Unix socket whose path the daemon chooses

	// Of Unix sockets.
	Mode  fs.FileMode // of the file; default 0600, with Group 0660
	Group string      // of the file, by name or number; default: the process's group

	// Of TCP.
	Anyone rpc.Role // the role of all clients on this machine; on loopback only
	Plain  bool     // no TLS even if the server has it, and tokens may travel in clear text
}

const addressForms = ": write unix:///path?mode=0660&group=ops or tcp://host:port"

// ParseAddress reads an address:
//
//	unix:///run/x/control.sock?mode=0660&group=ops   the path is absolute; both parameters may be left out
//	/run/x/control.sock                              the same, short
//	unix:?mode=0660                                  the daemon chooses the path
//	tcp://127.0.0.1:7070?anyone=read                 a role for all clients; on loopback only
//	tcp://0.0.0.0:7070?plain=yes                     tokens may travel without TLS
//
// [Server.Serve] checks whether a server's rules allow an address.
func ParseAddress(s string) (Address, error) {
	a, err := parseAddress(s)
	if err != nil {
		return Address{}, fmt.Errorf("the address %q: %w", s, err)
	}
	return a, nil
}

// ParseAddresses reads a list of addresses with white space between them: the
// word none is an empty list, and an empty text is a Unix socket whose path the
// daemon chooses.
func ParseAddresses(list string) (all []Address, err error) {
	fields := strings.Fields(list)
	if len(fields) == 0 {
		return []Address{{Network: "unix"}}, nil
	}
	for _, s := range fields {
		if s == "none" {
			if len(fields) > 1 {
				return nil, errors.New("give none alone, or addresses")
			}
			return nil, nil
		}
		a, err := ParseAddress(s)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// Locate puts the path of a socket in the runtime folder into the addresses
// whose path the daemon chooses.
func Locate(all []Address, folder func() (string, error)) error {
	for i, a := range all {
		if a.Network != "unix" || a.Addr != "" {
			continue
		}
		dir, err := folder()
		if err != nil {
			return err
		}
		all[i].Addr = filepath.Join(dir, SocketName)
	}
	return nil
}

func parseAddress(s string) (a Address, err error) {
	where, query, _ := strings.Cut(s, "?")
	switch {
	case strings.HasPrefix(where, "/"):
		a.Network, a.Addr = "unix", where
	case where == "unix:" || where == "unix://":
		a.Network = "unix"
	case strings.HasPrefix(where, "unix://"):
		a.Network, a.Addr = "unix", where[len("unix://"):]
	case strings.HasPrefix(where, "tcp://"):
		a.Network, a.Addr = "tcp", where[len("tcp://"):]
	default:
		return a, errors.New("it is not an address" + addressForms)
	}
	if err := a.parameters(query); err != nil {
		return a, err
	}
	return a, a.check()
}

// parameters reads the text after the question mark.
func (a *Address) parameters(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return err
	}
	for name, all := range values {
		value := all[0]
		if len(all) > 1 || value == "" {
			return fmt.Errorf("give %s once, with a value", name)
		}
		switch {
		case a.Network == "unix" && name == "mode":
			n, err := strconv.ParseUint(value, 8, 32)
			if err != nil || n == 0 {
				return fmt.Errorf("mode=%s is not a mode: write it in octal, mode=0660", value)
			}
			a.Mode = fs.FileMode(n)
		case a.Network == "unix" && name == "group":
			a.Group = value
		case a.Network == "tcp" && name == "anyone":
			if a.Anyone, err = rpc.ParseRole(value); err != nil {
				return err
			}
		case a.Network == "tcp" && name == "plain":
			if value != "yes" && value != "no" {
				return fmt.Errorf("plain=%s: write yes or no", value)
			}
			a.Plain = value == "yes"
		default:
			return fmt.Errorf("%s is not a parameter of a %s address: write mode or group for unix, anyone or plain for tcp", name, a.Network)
		}
	}
	return nil
}

// longestPath is the kernel's limit for the path of a socket, less the zero
// byte at the end.
const longestPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// check says what is wrong with an address, whatever the server.
func (a Address) check() error {
	switch a.Network {
	case "unix":
		return a.checkUnix()
	case "tcp":
		return a.checkTCP()
	}
	return fmt.Errorf("the network %q is unknown"+addressForms, a.Network)
}

func (a Address) checkUnix() error {
	switch {
	case a.Addr == "":
	case !filepath.IsAbs(a.Addr):
		return errors.New("its path is not absolute: write unix:///path, with three slashes")
	case strings.ContainsAny(a.Addr, "\x00?"):
		return errors.New("the path of a socket must not contain zero bytes or question marks")
	case filepath.Clean(a.Addr) != a.Addr:
		return fmt.Errorf("write its path as %s", filepath.Clean(a.Addr))
	case len(a.Addr) > longestPath:
		return fmt.Errorf("its path has %d bytes, %d are possible: use a folder with a shorter path", len(a.Addr), longestPath)
	}
	if a.Mode&^0o777 != 0 || a.Mode != 0 && a.Mode&0o600 != 0o600 {
		return fmt.Errorf("mode %#o: write three digits, with read and write for the owner: 0600, 0660 or 0666", uint32(a.Mode))
	}
	if a.Anyone != rpc.None || a.Plain {
		return errors.New("anyone and plain are for tcp addresses")
	}
	return nil
}

func (a Address) checkTCP() error {
	_, port, err := net.SplitHostPort(a.Addr)
	if err != nil {
		return fmt.Errorf("write tcp://host:port, an IPv6 address in brackets: %w", err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return fmt.Errorf("the port %q is not a number from 0 to 65535", port)
	}
	if strings.ContainsAny(a.Addr, "?/@ ") {
		return errors.New("it has more than host and port")
	}
	if a.Anyone != rpc.None && !a.loopback() {
		return errors.New("anyone=… is for loopback, 127.0.0.1 or [::1], only: give roles to certificates or tokens")
	}
	if a.Mode != 0 || a.Group != "" {
		return errors.New("mode and group are for unix addresses")
	}
	return nil
}

// loopback reports whether a TCP address can be reached from this machine only.
func (a Address) loopback() bool {
	host, _, err := net.SplitHostPort(a.Addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// mode is the mode of the socket's file.
func (a Address) mode() fs.FileMode {
	switch {
	case a.Mode != 0:
		return a.Mode
	case a.Group != "":
		return 0o660
	}
	return 0o600
}

// passers returns the bits of search permission that the folder of a Unix
// socket needs, so that the users that the socket admits can reach it: 0 for
// its owner alone. gid is the group that it needs, -1 any.
func (a Address) passers() (bits fs.FileMode, gid int, err error) {
	switch {
	case a.Network != "unix":
		return 0, -1, nil
	case a.mode()&0o006 != 0:
		return 0o011, -1, nil // the folder's group is not among the others
	case a.mode()&0o060 == 0:
		return 0, -1, nil
	case a.Group == "":
		return 0o010, -1, nil
	}
	who, err := host.Lookup("", a.Group)
	return 0o010, who.GID, err
}

// String writes an address as [ParseAddress] reads it.
func (a Address) String() string {
	query := url.Values{}
	if a.Mode != 0 {
		query.Set("mode", fmt.Sprintf("%#o", uint32(a.Mode)))
	}
	if a.Group != "" {
		query.Set("group", a.Group)
	}
	if a.Anyone != rpc.None {
		query.Set("anyone", a.Anyone.String())
	}
	if a.Plain {
		query.Set("plain", "yes")
	}
	s := a.Network + "://" + a.Addr
	if len(query) > 0 {
		s += "?" + query.Encode()
	}
	return s
}
