package legion

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/sentinel"
	"github.com/legion-go/legion/internal/where"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/sandbox"
	"github.com/legion-go/legion/status"
)

// A call ends with one of these errors if it has neither a result nor an error
// of the function. Test for them with [errors.Is]; [errors.As] with a
// *[WorkerError] gives the details.
var (
	// ErrTimeout: the pool's Timeout or the deadline of the caller's context has
	// passed. If the function had started, it no longer runs.
	ErrTimeout = errors.New("timed out")
	// ErrCanceled: the caller's context or future was canceled. If the function had
	// started, it no longer runs.
	ErrCanceled = errors.New("canceled")
	// ErrCrashed: the worker process died while it ran the function.
	ErrCrashed = errors.New("worker crashed")
	// ErrOutOfMemory: the worker process died for lack of memory, according to the
	// kernel, the Go runtime or the pool's MemoryLimit.
	ErrOutOfMemory = errors.New("worker ran out of memory")
	// ErrForbidden: the worker process ended because a function did what
	// Pool.Sandbox does not allow. It matches ErrCrashed too.
	ErrForbidden = errors.New("forbidden")
	// ErrPanicked: the function panicked. Its worker lives on.
	ErrPanicked = errors.New("function panicked")
	// ErrPoisoned: every try of an idempotent call killed a worker. Or the function
	// is in quarantine, because its calls killed so many workers (see
	// Pool.CrashBudget); then WorkerError.RetryAfter says for how long. It matches
	// ErrCrashed too if a worker died of this call.
	ErrPoisoned = errors.New("call kills workers")
	// ErrQueueFull: Pool.Queue calls wait already. The function did not start.
	ErrQueueFull = errors.New("queue full")
	// ErrPoolFailed: too many workers died, and the pool refuses calls until
	// Resume. The function did not start.
	ErrPoolFailed = errors.New("pool failed")
	// ErrStopped: the daemon has not been started, is stopping or has stopped.
	ErrStopped = life.ErrStopped
	// ErrRefused: the argument or the result cannot be encoded or decoded, or is
	// too large.
	ErrRefused = errors.New("call refused")
)

// WorkerError says how a call failed and, if its worker died, how. It does not
// have the argument: the caller has it, and Pool.OnEnd gets it in CallEnd.Arg.
type WorkerError struct {
	Pool, Func string
	PID        int           // of the worker; 0 if the call had not reached a worker
	Call       uint64        // number of the call in its pool, from 1
	Uptime     time.Duration // of the worker, when it died

	ExitCode int            // of the worker; -1 if a signal ended it or it lives
	Signal   syscall.Signal // that ended the worker; 0 if no signal did
	KilledBy string         // why Legion killed it: "deadline", "cancel", "memory limit", "heartbeat", "kill", "stop", …; "" if it did not
	Stack    string         // Go stacks of the worker as it died, or of the panic; "" if unknown
	Stderr   []string       // its last lines of standard error
	Usage    status.Usage

	Forbidden *sandbox.Forbidden // the call that Pool.Sandbox does not allow; nil if there was none

	// RetryAfter is when the function may be called again, if it is in quarantine
	// (ErrPoisoned); 0: it is not.
	RetryAfter time.Duration

	kind   error // one of the sentinels
	cause  error // the caller's context error, or nil
	detail string
}

// Error says in one line how the call failed. For a panic or a crash the text
// names the function, the file and the line, if the stack shows them.
func (e *WorkerError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "legion: %s: %v", e.Func, e.kind)
	if e.detail != "" {
		b.WriteString(": ")
		b.WriteString(e.detail)
	}
	return b.String()
}

// Unwrap returns the sentinel, and the context's error if that ended the call.
func (e *WorkerError) Unwrap() []error {
	errs := []error{e.kind}
	if e.kind == ErrForbidden || e.kind == ErrPoisoned && e.PID != 0 {
		errs = append(errs, ErrCrashed)
	}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}

// RemoteError is an error that the function itself returned. Only its text and
// its code travel. It matches, by [errors.Is], the sentinel registered for its
// code; see [RegisterError].
type RemoteError struct {
	Code    string // "" if the error matches no registered sentinel
	Message string // the error's text
}

func (e *RemoteError) Error() string { return e.Message }

// Is reports whether target is the sentinel registered for e's code.
func (e *RemoteError) Is(target error) bool {
	sentinel := sentinels.ByCode(e.Code)
	return sentinel != nil && sentinel == target
}

// RegisterError lets a sentinel error travel: an error returned by a worker's
// function that matches sentinel arrives as a *[RemoteError] with this code,
// which matches sentinel again. Call it where the sentinel is declared, in an
// init function for instance, so that every process knows it. Already
// registered are context.Canceled, context.DeadlineExceeded, io.EOF,
// io.ErrUnexpectedEOF, fs.ErrNotExist, fs.ErrExist, fs.ErrPermission and
// errors.ErrUnsupported. If several match, the last registered one counts. It
// panics if the code is empty or taken.
func RegisterError(code string, sentinel error) {
	if code == "" || sentinel == nil {
		panic("legion: RegisterError needs a code and an error")
	}
	if err := sentinels.Add(code, sentinel); err != nil {
		panic(fmt.Sprintf("legion: RegisterError: %v", err))
	}
}

// sentinels are the errors that travel.
var sentinels = sentinel.NewRegistry()

// fault encodes an error of a function.
func fault(err error) wire.Fault {
	code := ""
	if remote := (*RemoteError)(nil); errors.As(err, &remote) {
		code = remote.Code
	}
	return sentinels.Fault(err, code)
}

// failure turns the end of a call into its error. cause is the error of the
// caller's context, or nil.
func failure(poolName, fn string, c *pool.Call, cause error) error {
	o := &c.Outcome
	if o.Kind == pool.Failed {
		return &RemoteError{Code: o.Fault.Code, Message: o.Fault.Message}
	}
	e := &WorkerError{Pool: poolName, Func: fn, PID: o.Worker, Call: c.Number(), ExitCode: -1}
	if o.Death != nil {
		e.died(o.Death)
	}
	switch o.Kind {
	case pool.Timeout:
		e.kind, e.cause = ErrTimeout, cause
		e.detail = o.After(e.detail)
	case pool.Canceled:
		e.kind, e.cause = ErrCanceled, cause
		e.detail = o.After(e.detail)
	case pool.Crashed:
		e.kind = ErrCrashed
	case pool.OutOfMemory:
		e.kind = ErrOutOfMemory
	case pool.Forbidden:
		e.kind = ErrForbidden
	case pool.Poisoned:
		e.kind = ErrPoisoned
	case pool.Quarantined:
		e.kind, e.RetryAfter = ErrPoisoned, o.RetryAfter
		e.detail = fmt.Sprintf("the function is in quarantine: %s; retry in %v", o.Reason, o.RetryAfter.Round(time.Millisecond))
	case pool.Panicked:
		e.kind, e.detail, e.Stack = ErrPanicked, o.Fault.Message, o.Fault.Stack
		if at := where.Panicked(e.Stack); at != "" {
			e.detail += ", in " + at
		}
	case pool.Refused:
		e.kind, e.detail = ErrRefused, o.Fault.Message
	case pool.QueueFull:
		e.kind, e.detail = ErrQueueFull, o.Reason+" in pool "+poolName+"; raise Pool.Queue or Pool.Max, or call less often"
	case pool.PoolFailed:
		e.kind, e.detail = ErrPoolFailed, "pool "+poolName+": "+o.Reason
	default:
		e.kind = ErrStopped
		if e.detail != "" {
			e.detail = o.Reason + "; " + e.detail
		} else {
			e.detail = o.Reason
		}
	}
	return e
}

// died fills in how the worker died.
func (e *WorkerError) died(d *pool.Death) {
	e.PID, e.Uptime, e.ExitCode, e.Signal = d.PID, d.Uptime, d.Code, d.Signal
	e.KilledBy, e.Stack, e.Stderr, e.Forbidden = d.KilledBy, d.Stack, d.Stderr, d.Forbidden
	e.Usage = status.Usage(d.Usage)
	e.detail = d.String()
}

// startError says that a pool did not start because a worker died: the details
// are in the *[WorkerError] inside.
type startError struct {
	error
	death *WorkerError
}

func (e *startError) Unwrap() []error { return []error{e.error, e.death} }

// startFailure makes an error of the failed start of a pool.
func startFailure(poolName string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("pool %s: %w", poolName, err)
	boot := (*pool.BootError)(nil)
	if !errors.As(err, &boot) {
		return err
	}
	e := &WorkerError{Pool: poolName, kind: ErrCrashed}
	e.died(boot.Death)
	if boot.Death.OutOfMemory {
		e.kind = ErrOutOfMemory
	} else if boot.Death.Forbidden != nil {
		e.kind = ErrForbidden
	}
	return &startError{err, e}
}
