package status

import "time"

// Hello is what the control socket first tells a client about the daemon.
type Hello struct {
	Name     string        `json:"name"`
	Version  string        `json:"version"` // of the program
	Legion   string        `json:"legion"`  // of this module
	Protocol int           `json:"protocol"`
	Go       string        `json:"go"`
	PID      int           `json:"pid"`
	PIDStays string        `json:"pid_stays,omitempty"` // why the pid must stay, "" if it may change; see Config.PID
	Embedded bool          `json:"embedded,omitempty"`  // part of a program that continues without it: started by Start, not Run
	State    string        `json:"state"`
	Started  time.Time     `json:"started"`
	Uptime   time.Duration `json:"uptime"`
}

// Daemon is a summary of the daemon's state.
type Daemon struct {
	Name  string `json:"name"`
	PID   int    `json:"pid"`
	State string `json:"state"`
	// Changing is the change in progress, which has taken ChangingFor so far: "a
	// reload", "an upgrade" or "a restart"; "" if there is no change.
	Changing    string        `json:"changing,omitempty"`
	ChangingFor time.Duration `json:"changing_for,omitempty"`
	Healthy     bool          `json:"healthy"`             // see Daemon.Healthy
	Unhealthy   string        `json:"unhealthy,omitempty"` // why it is not
	// RestartNeeded are settings that a reload has changed, and that take effect
	// only after a restart or an upgrade.
	RestartNeeded []string      `json:"restart_needed,omitempty"`
	Version       string        `json:"version"`
	Uptime        time.Duration `json:"uptime"`
	User          string        `json:"user"`
	Host          string        `json:"host"`
	CPU           time.Duration `json:"cpu"`
	Memory        uint64        `json:"memory"` // resident bytes of the daemon's process
	Load          [3]float64    `json:"load"`
	Workers       int           `json:"workers"` // processes, including those of tasks
	Loop          LoopStats     `json:"loop"`
	Pools         []Pool        `json:"pools"`
	Control       []string      `json:"control"` // addresses
	Log           LogStats      `json:"log"`
	Shared        []Shared      `json:"shared,omitempty"` // in the order of declaration
}

// Process is one process of a daemon.
type Process struct {
	PID    int           `json:"pid"`
	Parent int           `json:"parent"`
	Kind   string        `json:"kind"` // daemon, worker or task
	Pool   string        `json:"pool"`
	State  string        `json:"state"`
	Call   string        `json:"call"` // the function that runs
	For    time.Duration `json:"for"`
	Age    time.Duration `json:"age"`
	Calls  uint64        `json:"calls"`
	Memory uint64        `json:"memory"` // resident bytes
	CPU    time.Duration `json:"cpu"`
	Sealed bool          `json:"sealed"` // its sandbox holds

	Progress *Progress `json:"progress,omitempty"` // of Call, or of the loop; see Running
}
