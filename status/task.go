package status

import "time"

// TaskRun is a task that was started over the control socket.
type TaskRun struct {
	ID      uint64        `json:"id"`
	Name    string        `json:"name"`
	State   string        `json:"state"` // queued, running, done, failed
	PID     int           `json:"pid"`
	Started time.Time     `json:"started"`
	Took    time.Duration `json:"took"` // so far, or in total
	Error   string        `json:"error,omitempty"`

	Progress *Progress `json:"progress,omitempty"` // what it has said last of how far it is, also after its end

	Result any `json:"result,omitempty"`
}

// Tasks lists the declared tasks and their runs.
type Tasks struct {
	Tasks []Task    `json:"tasks"`
	Runs  []TaskRun `json:"runs"` // those started over the control socket: all that run, and the last that ended
}

// Task is a declared task.
type Task struct {
	Name    string `json:"name"`
	Running int    `json:"running"`
	Queued  int    `json:"queued"`
	Max     int    `json:"max"`
	Calls   uint64 `json:"calls"`
}
