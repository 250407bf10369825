package client

import "time"

// hello is the answer of daemon.hello.
type hello struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	PID      int           `json:"pid"`
	State    string        `json:"state"`
	Uptime   time.Duration `json:"uptime"`
	Protocol int           `json:"protocol"`

	role string // that rpc.lower has left; "" if it was not called
}

// protocol is the version of the control socket's protocol that this package
// speaks.
const protocol = 1

// maxGreeting is the longest message, in bytes, that a daemon may send before
// the first call.
const maxGreeting = 256 << 10
