package pool

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/reuse"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
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
	Forbidden        // the same, for a system call that the sandbox does not allow: Death
	Poisoned         // each of its tries killed a worker: Death is the last
	Quarantined      // its function's calls kill workers, and are refused for a time: Reason, RetryAfter
	QueueFull        // too many calls wait
	PoolFailed       // the pool has given up: Reason
	Stopped          // the pool is not running: Reason
)

// String returns the end in a word of status.Outcomes, "" before the end.
func (k Kind) String() string {
	return [...]string{
		"", "ok", "error", "panicked", "refused", "timeout", "canceled", "crashed", "out_of_memory", "forbidden",
		"poisoned", "poisoned", "queue_full", "pool_failed", "stopped",
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

	Cause   string // as in status.Death; "" if the end was planned
	Number  uint64 // of its certificate; 0 if it has none
	NewKind string // its kind, if it is the first of that
	Why     string // of its certificate
}

// An Outcome is how one call ended.
type Outcome struct {
	Kind       Kind
	Data       []byte // OK: the result; unless Raw, owned by the call until Reset
	Fault      wire.Fault
	Death      *Death // also for Timeout and Canceled, when the worker had to be killed for it
	Reason     string
	RetryAfter time.Duration // Quarantined: when the next call may be let through
	Worker     int           // pid of the worker that ran it; 0 if none did
	Elapsed    time.Duration // from Submit to the end
}

// After says how long the call took until its end, and how its worker died.
func (o *Outcome) After(death string) string {
	s := "after " + o.Elapsed.Round(time.Microsecond).String()
	switch {
	case death != "":
		return s + "; " + death
	case o.Worker == 0:
		return s + ", before a worker had started it"
	}
	return s
}

// A Call is one call of a function of a pool. Its first group of fields is the
// caller's, and must not change between Submit and the end.
type Call struct {
	Func    int                     // index into Config.Funcs
	Payload []byte                  // the argument, without its Buffers
	In      []buffer.Piece          // the bytes of its Buffers; the call owns them, and gives them back at the end
	Results int                     // how many Buffers are in the result; needs Raw
	Limit   time.Duration           // time left until the caller's own deadline; passed to the function; 0 = none
	Raw     bool                    // give the result in memory of its own instead of in the call's buffer
	Into    []byte                  // its memory, up to its capacity, is for the result, if Raw and if there is room; taken at the first answer
	Stream  func(item []byte) error // takes the elements of a streamed result and owns them; must not block; an error: more came than was granted
	OnEnd   func(*Call)             // called once at the end, on the goroutine that ended it; must not block

	Encoded []byte // memory for an encoded argument, which Reset keeps

	Outcome                  // valid after the end
	Out     []*buffer.Buffer // OK: the Buffers of the result, of which some may be nil

	inCore
	inQueue  links // the pool's queue, or its worker's line; the core's, too
	inTimers links

	// holds counts the users of the call, less one: the core, and every send under
	// way. The last one to let go tells the caller, so that a payload is never read
	// after its owner has it back.
	holds  atomic.Int32
	signal atomic.Uint32 // callOpen, callAwaited, callDone
	woken  chan struct{}
	isDone func() bool
	buf    []byte     // memory for the next result, unless Raw
	loan   *link.Loan // Into, while a result arrives in pieces
}

// inCore is what the core knows of a call. The core owns it, under the pool's
// lock.
type inCore struct {
	state      callState
	canceling  bool
	overdue    bool       // it is, because the pool's Timeout has passed
	probe      bool       // it was let through by a quarantine of its function
	cause      wire.Cause // why it is being cancelled
	id         uint32
	tries      int
	seq        uint64
	worker     *worker
	progress   *status.Progress // how far it is, as it says; nil: it has said nothing
	submitted  time.Duration
	deadline   time.Duration // 0 = none
	canceledAt time.Duration // when it was, while it ran
	obeyBy     time.Duration // when its worker is killed, once the call is being cancelled
	given      time.Duration // when it was assigned; 0 = never, or taken back before it was started
	began      time.Duration // when its worker began it, as running.go sees it; 0 likewise
	ran        time.Duration // how long it ran, in tries that have ended
	cpu        time.Duration // processor time, as far as it was measured
	size       int           // bytes that its worker gets, while it is assigned
	back       []bool        // which of In are in Out; nil for none
	outSize    int           // bytes of Out, which are the program's from the end on
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

var calls = sync.Pool{New: func() any { return NewCall() }}

// TakeCall returns a call that was given back with [Call.Recycle], or a new
// one.
func TakeCall() *Call { return calls.Get().(*Call) }

// Recycle is Reset, and gives the call back.
func (c *Call) Recycle() {
	c.Reset()
	calls.Put(c)
}

// NewCall returns a call that can be reused after each [Call.Reset].
func NewCall() *Call {
	c := &Call{woken: make(chan struct{}, 1)}
	c.isDone = c.Done
	return c
}

// Reset prepares the call for another use. Only its owner may call it, after
// the end.
func (c *Call) Reset() {
	if !c.Raw && c.Data != nil {
		c.buf = keep(c.Data)
	}
	c.Encoded = keep(c.Encoded)
	c.giveBack() // if it was not submitted
	c.Func, c.Payload, c.Limit, c.Raw, c.Into, c.Stream, c.OnEnd = 0, nil, 0, false, nil, nil, nil
	c.In, c.Results, c.Out = nil, 0, nil
	c.Outcome = Outcome{}
	c.inCore = inCore{}
	// Nobody else has the call: atomic stores would only cost some nanoseconds.
	c.holds, c.signal = atomic.Int32{}, atomic.Uint32{}
}

// keep returns b, empty, if a call should keep it for its next use: not the
// memory of one large call.
func keep(b []byte) []byte {
	if cap(b) <= 64<<10 {
		return b[:0]
	}
	reuse.Put(b)
	return nil
}

// Number returns the number of the call in its pool, from 1. It is valid after
// the end; 0 means that the pool never took it.
func (c *Call) Number() uint64 { return c.seq }

// notStarted says that the call's worker has not started it.
func (c *Call) notStarted() {
	if c.tries == 0 {
		c.given, c.began = 0, 0
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
	if c.holds.Add(-1) >= 0 {
		return
	}
	c.giveBack()
	onEnd := c.OnEnd
	if c.signal.Swap(callDone) == callAwaited {
		c.woken <- struct{}{}
	}
	if onEnd != nil {
		onEnd(c)
	}
}

// An answer is what a frame says about the end of a call.
type answer struct {
	kind  Kind
	data  []byte
	fault wire.Fault
}

// memory takes the memory for an answer from the call, under the pool's lock.
func (c *Call) memory(f link.Frame) (b []byte) {
	n := len(f.Payload)
	switch {
	case wire.Status(f.Code) != wire.OK:
	case c.Raw && cap(c.Into) >= n && c.Into != nil:
		b, c.Into = c.Into[:0], nil
	case f.Owned: // it has its memory
	case c.Raw:
		b = reuse.Fresh(n)
	case cap(c.buf) >= n && c.buf != nil:
		b, c.buf = c.buf[:0], nil
	default:
		b = reuse.Get(n)
	}
	return b
}

// lend lends the memory for a result that begins to arrive, under the pool's
// lock.
func (c *Call) lend(n int) *link.Loan {
	if !c.Raw || cap(c.Into) < n {
		return nil
	}
	c.loan = link.NewLoan(c.Into)
	c.Into = nil
	return c.loan
}

// read reads an answer into the memory b. It does not touch the call: a hostile
// worker may answer a call that has moved to another one.
func read(f link.Frame, b []byte) (a answer, err error) {
	switch wire.Status(f.Code) {
	case wire.OK:
		switch {
		case f.Owned && b == nil:
			a.data = f.Payload
		default:
			if a.data, err = f.AppendTo(b); f.Owned {
				reuse.Put(f.Payload)
			}
		}
		a.kind = OK
		return a, err
	case wire.End:
		a.kind = OK
		return a, nil
	}
	kind, ok := map[wire.Status]Kind{wire.Error: Failed, wire.Panic: Panicked, wire.Refused: Refused}[wire.Status(f.Code)]
	if !ok {
		return a, fmt.Errorf("status %d is unknown", f.Code)
	}
	a.kind = kind
	text, err := f.AppendTo(nil)
	if err != nil {
		return a, err
	}
	a.fault, err = wire.DecodeFault(text)
	return a, err
}

// fill takes an answer into the call, under the pool's lock.
func (c *Call) fill(f link.Frame, a answer) error {
	if wire.Status(f.Code) == wire.End && c.Stream == nil {
		return fmt.Errorf("the end of a stream for call %08x, which is not a stream", f.Call)
	}
	c.Data, c.Fault = a.data, a.fault
	return nil
}
