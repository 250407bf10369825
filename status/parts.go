package status

// Plugin is a plugin of the daemon.
type Plugin struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	State string `json:"state"`           // promised, made or started
	Stats any    `json:"stats,omitempty"` // from a StatsReporter
}

// Lock is a lock that the daemon has.
type Lock struct {
	Name string `json:"name"` // of the plugin
	Path string `json:"path"` // of the file, or the name of the socket
	Held bool   `json:"held"` // by this process or another one
	PID  int    `json:"pid"`  // of the process that holds it; 0 if no process does, or if it is not visible from here
}

// Setting is one key of a configuration, as it is now.
type Setting struct {
	Key    string `json:"key"`    // as in "pools.resize.max"
	Value  string `json:"value"`  // as in a file; secrets are masked
	Source string `json:"source"` // where it comes from
}
