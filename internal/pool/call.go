package pool

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// Kind says how a call ended.
type Kind uint8

const (
	_           Kind = iota
	OK               // Data is the result
	Failed           // the function returned an error: Fault
	Panicked         // the function panicked: Fault
	Refused          // the worker could not run it: Fault
	Timeout          // the pool's timeout passed
	Canceled         // the caller's context ended, or its future was cancelled
	Crashed          // the worker died while it ran the call: Death
	OutOfMemory      // the same, for lack of memory: Death
	Poisoned         // each of its tries killed a worker: Death is the last
	QueueFull        // too many calls wait
	PoolFailed       // the pool has given up: Reason
	Stopped          // the pool is not running: Reason
)

// String returns the end in one word, "" before the end.
func (k Kind) String() string {
	return [...]string{
		"", "ok", "failed", "panicked", "refused", "timed_out", "canceled", "crashed", "out_of_memory", "poisoned",
		"queue_full", "pool_failed", "stopped",
	}[k]
}

// A Death is how a worker ended.
type Death struct {
	proc.Exit
	Worker uint64 // number of the worker in its pool

	// Expected says that the end was intended by the operator, a caller or the
	// pool, or that the worker's own loop ended. It is false for a crash, and for a
	// worker that was killed for what it did, or for its silence.
	Expected bool

	Limit   uint64 // of its memory, in bytes; 0 = none
	Lacking bool   // it was never started: the system had no room for a process, or no descriptors
	Mute    bool   // it was started, and ended without a word: its main did not reach Start
}

// An Outcome is how one call ended.
type Outcome struct {
	Kind    Kind
	Data    []byte // OK: the result; owned by the call until Recycle
	Fault   wire.Fault
	Death   *Death // also for Timeout and Canceled, when the worker had to be killed for it
	Reason  string
	Worker  int           // pid of the worker that ran it; 0 if none did
	Elapsed time.Duration // from Submit to the end
}

// A Call is one call of a function of a pool. Its first group of fields is the
// caller's, and must not change between Submit and the end.
type Call struct {
	Func    int                     // index into Config.Funcs
	Payload []byte                  // the argument
	Limit   time.Duration           // time left until the caller's own deadline; passed to the function; 0 = none
	Raw     bool                    // give the result in memory of its own instead of in the call's buffer
	Stream  func(item []byte) error // takes the elements of a streamed result and owns them; must not block; an error: more came than was granted
	OnEnd   func(*Call)             // called once at the end, on the goroutine that ended it; must not block

	Outcome // valid after the end

	// Owned by the core, under the pool's lock.
	state     callState
	seq       uint64
	id        uint32
	tries     int
	worker    *worker
	canceling bool
	cause     wire.Cause // why it is being cancelled
	submitted time.Duration
	deadline  time.Duration // 0 = none
	obeyBy    time.Duration // when its worker is killed, once the call is being cancelled
	given     time.Duration // when it was assigned; 0 = never, or taken back before it was started
	inQueue   links
	inTimers  links

	// holds counts the users of the call: the core, and every send under way. The
	// last one to let go tells the caller, so that a payload is never read after
	// its owner has it back.
	holds  atomic.Int32
	signal atomic.Uint32 // callOpen, callAwaited, callDone
	woken  chan struct{}
	isDone func() bool
	buf    []byte
}

type callState uint8

const (
	callNew callState = iota
	callQueued
	callAssigned
	callEnded
)

const (
	callOpen uint32 = iota
	callAwaited
	callDone
)

// NewCall returns a call that can be reused after each [Call.Reset].
func NewCall() *Call {
	c := &Call{woken: make(chan struct{}, 1)}
	c.isDone = c.Done
	return c
}

// Reset prepares the call for another use. Only its owner may call it, after
// the end.
func (c *Call) Reset() {
	c.Func, c.Payload, c.Limit, c.Raw, c.Stream, c.OnEnd = 0, nil, 0, false, nil, nil
	c.Outcome = Outcome{}
	c.state, c.seq, c.id, c.tries, c.worker, c.canceling, c.cause = callNew, 0, 0, 0, nil, false, 0
	c.submitted, c.deadline, c.obeyBy, c.given = 0, 0, 0, 0
	c.signal.Store(callOpen)
	if cap(c.buf) > 64<<10 {
		c.buf = nil // do not keep the memory of one large call
	}
}

// Number returns the number of the call in its pool, from 1. It is valid after
// the end; 0 means that the pool never took it.
func (c *Call) Number() uint64 { return c.seq }

// Tries returns how many times the call was retried. It is valid after the end.
func (c *Call) Tries() int { return c.tries }

// notStarted says that the call's worker has not started it.
func (c *Call) notStarted() {
	if c.tries == 0 {
		c.given = 0
	}
}

// Done reports whether the call has ended.
func (c *Call) Done() bool { return c.signal.Load() == callDone }

// wokenAtEnd returns a channel that gets one value when the call ends, or nil
// if it already ended. One goroutine may wait.
func (c *Call) wokenAtEnd() <-chan struct{} {
	if c.signal.CompareAndSwap(callOpen, callAwaited) {
		return c.woken
	}
	return nil
}

// hold keeps the call from going back to its caller while it is being sent.
func (c *Call) hold() { c.holds.Add(1) }

// letGo ends one hold; the last one tells the caller.
func (c *Call) letGo() {
	if c.holds.Add(-1) != 0 {
		return
	}
	onEnd := c.OnEnd
	if c.signal.Swap(callDone) == callAwaited {
		c.woken <- struct{}{}
	}
	if onEnd != nil {
		onEnd(c)
	}
}

// fill takes an answer's payload into the call. The pool's lock may be held.
func (c *Call) fill(f link.Frame) (_ Kind, err error) {
	switch wire.Status(f.Code) {
	case wire.OK:
		switch {
		case f.Owned:
			c.Data = f.Payload
		case c.Raw:
			c.Data, err = f.AppendTo(make([]byte, 0, len(f.Payload)))
		default:
			if c.buf, err = f.AppendTo(c.buf[:0]); err == nil {
				c.Data = c.buf
			}
		}
		return OK, err
	case wire.End:
		if c.Stream == nil {
			return 0, fmt.Errorf("the end of a stream for call %08x, which is not a stream", f.Call)
		}
		return OK, nil
	}
	kind, ok := map[wire.Status]Kind{wire.Error: Failed, wire.Panic: Panicked, wire.Refused: Refused}[wire.Status(f.Code)]
	if !ok {
		return 0, fmt.Errorf("status %d is unknown", f.Code)
	}
	b, err := f.AppendTo(nil)
	if err != nil {
		return kind, err
	}
	c.Fault, err = wire.DecodeFault(b)
	return kind, err
}
