package client

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// ErrClosed says that the connection has ended: the Client was closed, or the
// daemon or the network ended it. The text of the error says which.
var ErrClosed = errors.New("the connection is closed")

// Codes of an [Error] that callers branch on. The methods of a daemon may have
// their own.
const (
	CodeParse       = -32700 // the request is not JSON
	CodeRequest     = -32600 // the JSON is not a request
	CodeMethod      = -32601 // there is no such method
	CodeParams      = -32602 // the parameters are not those of the method
	CodeInternal    = -32603 // the method failed by a fault of the daemon's program
	CodeApplication = -32500 // the method says so
	CodeSystem      = -32400 // a limit, or the daemon is stopping
	CodeTransport   = -32300 // the connection is not used as it should be
	CodeNotAllowed  = -32001 // the caller's role does not allow the method
)

// Error is an error that the daemon answers with.
type Error struct {
	Code    int
	Message string
	Data    []byte // more detail, as JSON; nil if there is none
}

// Error gives the message and the code.
func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Message, e.Code) }

// NotRunningError says that no daemon listens.
type NotRunningError struct {
	Name    string   // that was asked for, or ""
	Address string   // that was asked for, or ""
	Tried   []string // paths of the sockets, or the host and port, where no process listens
	Stale   []string // those of Tried where a socket still is, which a daemon that was killed has left
	Others  []string // addresses of other daemons of that name, which are used only if the caller gives the address; see [Find]
	Err     error    // why the last one failed; may be nil
}

// Error says where the package looked for the daemon and what to do.
func (e *NotRunningError) Error() string {
	var b strings.Builder
	if e.Name != "" {
		fmt.Fprintf(&b, "the daemon %s is not running: no process listens at %s: ", e.Name, strings.Join(e.Tried, " or "))
	} else {
		fmt.Fprintf(&b, "no daemon listens at %s", e.Address)
		if e.Err != nil {
			fmt.Fprintf(&b, " (%v)", e.Err)
		}
		b.WriteString(": ")
	}
	switch {
	case len(e.Others) > 1:
		fmt.Fprintf(&b, "several daemons elsewhere report this name: give the address of one, %s", strings.Join(e.Others, " or "))
	case len(e.Others) > 0:
		fmt.Fprintf(&b, "a daemon at %s reports this name: give that address, or start the other one", e.Others[0])
	default:
		b.WriteString("start it, or give the address where it listens")
	}
	return b.String()
}

func (e *NotRunningError) Unwrap() error { return e.Err }

// NoAnswerError says that a process listens, but does not answer in time. It
// matches [os.ErrDeadlineExceeded].
type NoAnswerError struct {
	Name    string        // that was asked for, or ""
	Address string        // of the socket
	PID     int           // of the process that listens; 0 if it is not known: over TCP, from another container
	Stopped bool          // a signal, SIGSTOP for instance, or a debugger has stopped the process
	Waited  time.Duration // for an answer
}

// Error says which process does not answer and, if it is known, why.
func (e *NoAnswerError) Error() string {
	who := "the process that listens at " + e.Address
	if e.PID > 0 {
		who = fmt.Sprintf("process %d, which listens at %s,", e.PID, e.Address)
	}
	if e.Name != "" {
		who = e.Name + " does not answer: " + who
	}
	if e.Stopped {
		return fmt.Sprintf("%s has been stopped by a signal or a debugger: kill -CONT %d lets it go on", who, e.PID)
	}
	return fmt.Sprintf("%s has not answered for %v: it hangs, or is not a daemon", who, e.Waited.Round(time.Millisecond))
}

func (e *NoAnswerError) Unwrap() error { return os.ErrDeadlineExceeded }

// PermissionError says that this user may not connect to the daemon. It matches
// [fs.ErrPermission].
type PermissionError struct {
	Name    string // that was asked for, or ""
	Address string // of the socket
	User    string // who this process is: "alice (1000)"
	Allowed string // which users may, if known: "user 33, group 4, mode 0660 of /run/thumbs/control.sock"
	Folder  string // the folder that keeps this user from the socket; "" if the socket itself does
	Err     error  // of the system
}

// Error says which user may not connect to which socket, which users may, and
// what to do.
func (e *PermissionError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "user %s may not connect to %s", e.User, e.Address)
	if e.Allowed != "" {
		fmt.Fprintf(&b, " (%s)", e.Allowed)
	}
	b.WriteString(": run this as root or as the daemon's user, or let ")
	if e.Folder != "" {
		fmt.Fprintf(&b, "other users pass through the folder: chmod o+x %s; the socket's own mode still counts", e.Folder)
	} else {
		b.WriteString("a group in, with ?mode=0660&group=… in the daemon's control address")
	}
	return b.String()
}

func (e *PermissionError) Unwrap() error { return e.Err }
