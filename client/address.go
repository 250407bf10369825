package client

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// address is where a daemon listens.
type address struct {
	network string // "unix" or "tcp"
	where   string // a path, or host:port
	plain   bool   // a token may go there unencrypted
}

func (a address) String() string { return a.network + "://" + a.where }

// private reports whether no third party can read what goes there, or whether
// that is allowed.
func (a address) private() bool {
	if a.network == "unix" || a.plain {
		return true
	}
	host, _, _ := net.SplitHostPort(a.where)
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// parseAddress reads an address as in Config.Control. It ignores options of the
// listener (?mode=0660).
func parseAddress(s string) (address, error) {
	const forms = `: give unix:///path, /path or tcp://host:port`
	base, query, _ := strings.Cut(s, "?")
	network, where, found := strings.Cut(base, "://")
	if !found {
		if !strings.Contains(base, "/") {
			return address{}, fmt.Errorf("%q is neither an address nor the name of a daemon"+forms, s)
		}
		path, err := filepath.Abs(base)
		if err != nil {
			return address{}, fmt.Errorf("the address %q: %w", s, err)
		}
		return unixAddress(path)
	}
	switch network {
	case "unix":
		if !filepath.IsAbs(where) {
			return address{}, fmt.Errorf("the address %q has no absolute path: write unix:///path, with three slashes", s)
		}
		return unixAddress(filepath.Clean(where))
	case "tcp":
		_, port, err := net.SplitHostPort(where)
		if err != nil || port == "" {
			return address{}, fmt.Errorf("the address %q has no host and port: write tcp://host:port, an IPv6 address in brackets", s)
		}
		if n, err := strconv.Atoi(port); (err == nil || errors.Is(err, strconv.ErrRange)) && n>>16 != 0 { // else it may be the name of a service
			return address{}, fmt.Errorf("the address %q: the port %s is not one from 0 to 65535", s, port)
		}
		return address{"tcp", where, slices.Contains(strings.Split(query, "&"), "plain=yes")}, nil
	}
	return address{}, fmt.Errorf("the address %q: %q is not an option here"+forms, s, network)
}

// longestPath is the kernel's limit, less the zero byte at the end.
const longestPath = len(syscall.RawSockaddrUnix{}.Path) - 1

func unixAddress(path string) (address, error) {
	if len(path) > longestPath {
		return address{}, fmt.Errorf("the path of the socket %s has %d bytes, %d are possible: let the daemon listen at a shorter one",
			path, len(path), longestPath)
	}
	return address{network: "unix", where: path}, nil
}

// isName reports whether s is valid as Config.Name: letters, digits, '.', '_'
// and '-', at most 64.
func isName(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r)) {
			return false
		}
	}
	return true
}
