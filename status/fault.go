package status

// Fault is the data of an error of the control socket, in addition to its
// message.
type Fault struct {
	Kind  string `json:"kind"`           // timeout, crashed, …; error: the function returned an error; overruled, stopped: from the daemon
	Pool  string `json:"pool,omitempty"` // the worker's pool
	PID   int    `json:"pid"`            // the worker's; 0 if no worker is involved
	Stack string `json:"stack,omitempty"`
	Code  string `json:"code,omitempty"` // of the error that the function returned
}
