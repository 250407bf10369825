package status

// Fault is the data of an error that a method of the control socket answers with:
// what it tells beside its message.
type Fault struct {
	Kind  string `json:"kind"`           // timeout, crashed, …; error: the function has returned one; overruled, stopped: of the daemon
	Pool  string `json:"pool,omitempty"` // whose worker
	PID   int    `json:"pid"`            // of that; 0 without
	Stack string `json:"stack,omitempty"`
	Code  string `json:"code,omitempty"` // of the error that the function has returned
}
