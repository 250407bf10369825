package wire

import "strconv"

// Version is the version of the protocol. The worker states it in its Hello;
// daemon and worker are the same binary, so another version means that the
// other end is a foreign program.
const Version = 1

// Kind is the kind of a frame. The zero Kind is never valid, so that zeroed
// memory is not a frame.
type Kind uint8

const (
	// Request, daemon to worker, starts a call. Code is the index of the function
	// in the worker's Hello, the payload its argument.
	Request Kind = iota + 1
	// Cancel, daemon to worker, cancels the context of a running call. Code is a
	// Cause; no payload.
	Cancel
	// Credit, daemon to worker, allows a streaming call to send more, because the
	// reader has taken items. The payload is AppendCredit's.
	Credit
	// Stop, daemon to worker, asks the worker to finish its running calls and to
	// exit. No payload.
	Stop
	// Pause and Resume, daemon to worker, hold the worker's own loop between two
	// iterations and let it continue. No payload.
	Pause
	Resume
	// Ping, daemon to worker, asks for a Pong with the same Call and payload.
	Ping
	// Pong, worker to daemon, answers a Ping.
	Pong
	// Ready, worker to daemon, is the first frame of a worker that can serve. The
	// payload is AppendHello's.
	Ready
	// Failed, worker to daemon, is sent instead of Ready by a worker that could not
	// start. The payload is AppendFault's.
	Failed
	// Response, worker to daemon, ends a call. Code is a Status; the payload is the
	// result, or AppendFault's.
	Response
	// Item, worker to daemon, is one element of a streamed result. It uses up one
	// credit.
	Item
	// Log, worker to daemon, is a log record, opaque at this level. Without a
	// payload it is not a log record but a worker's first sign of life: it sets
	// itself up now.
	Log
	// Loop, worker to daemon, reports the state of the worker's own loop. Code is a
	// LoopState; the payload of LoopError is AppendFault's.
	Loop
	// Stacks, daemon to worker, asks for a Stack, even while functions run. No
	// payload. The daemon asks again only after the answer.
	Stacks
	// Stack, worker to daemon, answers a Stacks. The payload is AppendStack's.
	Stack
	// Freed, daemon to worker, gives back parts of the worker's half of the arena.
	// The payload is AppendOffsets'.
	Freed
	// Meters, worker to daemon, tells what the program's instruments have counted,
	// if the two share no memory. The payload is records of package meters.
	Meters
	// Capture, daemon to worker, asks for a profile or a trace, even while
	// functions run: Code is CaptureBegin, and the payload AppendCapture's. With
	// CaptureStop and no payload it ends the one under way early. The daemon asks
	// again only after the end of the answer.
	Capture
	// Captured, worker to daemon, answers a Capture. Code is a CaptureState.
	Captured
	// Progress, worker to daemon, tells how far a running call has come, or with
	// Call 0 the worker's own loop. The payload is AppendProgress's.
	Progress
	// Snapshot, daemon to worker, tells a worker that records what it does to write
	// that down, because Call was cancelled. The payload is AppendSnapshot's.
	Snapshot

	kindEnd // one past the last kind
)

var kindNames = [...]string{"Kind(0)", "Request", "Cancel", "Credit", "Stop", "Pause", "Resume", "Ping", "Pong", "Ready", "Failed", "Response", "Item", "Log", "Loop", "Stacks", "Stack", "Freed", "Meters", "Capture", "Captured", "Progress", "Snapshot"}

// Valid reports whether k is a kind of this version.
func (k Kind) Valid() bool { return k > 0 && k < kindEnd }

// ToWorker reports whether frames of this kind travel from the daemon to the
// worker; the others travel the other way. A frame that travels in the wrong
// direction is a violation of the protocol.
func (k Kind) ToWorker() bool { return toWorker>>k&1 != 0 }

// toWorker has a bit for each kind that travels to the worker: the lookup,
// which every frame needs, takes no branch.
const toWorker uint32 = 1<<Request | 1<<Cancel | 1<<Credit | 1<<Stop | 1<<Pause | 1<<Resume | 1<<Ping | 1<<Stacks | 1<<Freed | 1<<Capture | 1<<Snapshot

// MaxPayload returns the largest payload of a frame of this kind, in a pool
// whose calls have payloads of at most limit bytes.
func (k Kind) MaxPayload(limit int64) int64 {
	if ofCalls>>k&1 != 0 {
		return limit
	}
	return min(limit, MaxAside)
}

const ofCalls uint32 = 1<<Request | 1<<Response | 1<<Item

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Status is the Code of a Response: how the call ended in the worker.
type Status uint16

const (
	// OK: the payload is the result.
	OK Status = iota
	// Error: the function returned an error. The payload is a Fault with Code and
	// Message.
	Error
	// Panic: the function panicked and the panic was recovered. The payload is a
	// Fault with Message and Stack.
	Panic
	// Refused: the function was not run, because it is unknown or its argument
	// could not be decoded. The payload is a Fault.
	Refused
	// End: a streamed result is complete; all its elements were sent as Items
	// before. No payload.
	End
)

var statusNames = [...]string{"OK", "Error", "Panic", "Refused", "End"}

func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "Status(" + strconv.Itoa(int(s)) + ")"
}

// Cause is the Code of a Cancel: why the call is cancelled.
type Cause uint16

const (
	CauseCanceled Cause = iota // the caller cancelled its context or its future, or left a stream early
	CauseTimeout               // the call's deadline has passed
	CauseStop                  // the daemon is stopping
)

var causeNames = [...]string{"canceled", "timeout", "stop"}

func (c Cause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return "Cause(" + strconv.Itoa(int(c)) + ")"
}

// LoopState is the Code of a Loop.
type LoopState uint16

const (
	LoopRuns   LoopState = iota // it begins, or continues after a pause
	LoopPaused                  // it waits between two iterations
	LoopEnded                   // it has returned; the worker exits
	LoopError                   // an iteration has returned an error; the loop continues
)
