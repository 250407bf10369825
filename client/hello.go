package client

import "time"

// hello is what a daemon says of itself, by daemon.hello.
type hello struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"`
	PID      int           `json:"pid"`
	State    string        `json:"state"`
	Uptime   time.Duration `json:"uptime"`
	Protocol int           `json:"protocol"`
}

// protocol is the version of what is said on the control socket that this package knows.
const protocol = 1

// maxGreeting is how long what a daemon says before it is asked for something may be, in bytes.
const maxGreeting = 256 << 10
