package pool

import "github.com/legion-go/legion/internal/wire"

// A Cause is why the pool ended a worker, in the word that KilledBy shows. It
// is "" if the pool did not end it.
type Cause string

const (
	CauseDeadline    Cause = "deadline"           // a call ran KillGrace longer than allowed
	CauseCancel      Cause = "cancel"             // a call went on for KillGrace after it was cancelled
	CauseStop        Cause = "stop"               // it did not leave in time, or was still starting when it had to leave
	CauseKill        Cause = "kill"               // the operator
	CauseHeartbeat   Cause = "heartbeat"          // it gave no sign of life
	CauseLag         Cause = "supervisor"         // it did not read the frames sent to it
	CauseBootTimeout Cause = "boot timeout"       // it was not ready in time
	CauseMemory      Cause = "memory limit"       // it took more than MemoryLimit
	CauseProtocol    Cause = "protocol violation" // it sent a frame that a worker must not send
)

// willed reports whether the operator, a caller or the pool intended the end,
// so that it is not a sign of a broken worker.
func (c Cause) willed() bool {
	switch c {
	case CauseDeadline, CauseCancel, CauseStop, CauseKill:
		return true
	}
	return false
}

// causeFor is why a worker is ended that did not finish the cancelled call c;
// nil: that did not read the frames sent to it.
func causeFor(c *Call) Cause {
	if c == nil {
		return CauseLag
	}
	switch c.cause {
	case wire.CauseTimeout:
		return CauseDeadline
	case wire.CauseStop:
		return CauseStop
	}
	return CauseCancel
}
