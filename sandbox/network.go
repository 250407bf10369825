package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Network is what the functions of a [Sandbox] may open: [NoNetwork],
// [AnyNetwork] or what [TCP] returns. Its zero value is NoNetwork. Two of them
// can be compared with ==. In a configuration file it is a text: "none", "any",
// or "tcp:443,5432".
type Network struct{ text string } // "", "any", or "tcp:" and ports in ascending order

var (
	// NoNetwork allows no socket.
	NoNetwork = Network{}
	// AnyNetwork allows all that the worker's user may do with the Internet's
	// protocols, but for raw packets, and with Unix sockets. Functions may then
	// also read the files that resolve names, such as /etc/hosts.
	AnyNetwork = Network{all}
)

const (
	none = "none"
	all  = "any"
	tcp  = "tcp:"
)

// TCP allows connections over TCP to these ports, of any host, and nothing
// else: no listening, and no UDP. So a function cannot look up a host's name;
// give it addresses. It needs Linux 6.7; before Linux 7.0, in a program with C
// in it (cgo), it binds the worker's setup, too. A port outside 1 … 65535, or
// none at all, is a mistake that [Sandbox.Validate] reports.
func TCP(ports ...int) Network {
	ports = slices.Compact(slices.Sorted(slices.Values(ports)))
	text := make([]string, len(ports))
	for i, p := range ports {
		text[i] = strconv.Itoa(p)
	}
	return Network{tcp + strings.Join(text, ",")}
}

// Any reports whether n is AnyNetwork.
func (n Network) Any() bool { return n.text == all }

// Ports returns the ports that n allows connections to, in ascending order; nil
// for NoNetwork and AnyNetwork.
func (n Network) Ports() []int {
	ports, _ := n.ports()
	return ports
}

func (n Network) ports() ([]int, error) {
	list, ok := strings.CutPrefix(n.text, tcp)
	if !ok {
		return nil, nil
	}
	var ports []int
	for text := range strings.SplitSeq(list, ",") {
		p, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || p < 1 || p > 65535 {
			return nil, fmt.Errorf("%q is not a TCP port: use 1 … 65535, as in tcp:443,5432", text)
		}
		ports = append(ports, p)
	}
	return ports, nil
}

// String returns the text of n: "none", "any" or "tcp:443,5432".
func (n Network) String() string {
	if n.text == "" {
		return none
	}
	return n.text
}

// MarshalText returns the text of n.
func (n Network) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what [Network.String] writes; an empty text is NoNetwork.
func (n *Network) UnmarshalText(text []byte) error {
	switch s := string(text); {
	case s == "" || s == none:
		*n = NoNetwork
	case s == all:
		*n = AnyNetwork
	case strings.HasPrefix(s, tcp):
		ports, err := Network{s}.ports()
		if err != nil {
			return fmt.Errorf("network %q: %w", s, err)
		}
		*n = TCP(ports...)
	default:
		return fmt.Errorf("network %q: use none, any, or ports as in tcp:443,5432", s)
	}
	return nil
}
