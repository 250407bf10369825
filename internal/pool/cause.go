package pool

import "github.com/legion-go/legion/internal/wire"

// A Cause is why the pool ended a worker, in the word that KilledBy shows. It
// is "" if the pool did not.
type Cause string

const (
	CauseDeadline    Cause = "deadline"           // a call ran KillGrace longer than it might
	CauseCancel      Cause = "cancel"             // … or went on so long after it was cancelled
	CauseStop        Cause = "stop"               // it did not leave in time, or was starting when it was to leave
	CauseKill        Cause = "kill"               // the operator
	CauseHeartbeat   Cause = "heartbeat"          // it gave no sign of life
	CauseLag         Cause = "supervisor"         // it did not take in what was sent to it
	CauseBootTimeout Cause = "boot timeout"       // it was not ready in time
	CauseMemory      Cause = "memory limit"       // it took more than MemoryLimit
	CauseProtocol    Cause = "protocol violation" // it sent what a worker must not send
)

// willed reports whether the end was the will of the operator, of a caller or
// of the pool, and no sign of a broken worker.
func (c Cause) willed() bool {
	switch c {
	case CauseDeadline, CauseCancel, CauseStop, CauseKill:
		return true
	}
	return false
}

// causeFor is why a worker is ended that has not finished c, which was
// cancelled; nil: that has not taken in what it was sent.
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
