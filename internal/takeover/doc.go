// Package takeover starts another process of the same daemon and hands over to
// it: a daemon that goes into the background, and an upgrade, in which the new
// program starts beside the old one and continues its work.
//
// # Predecessor's side
//
// [Start] executes a program, hands it descriptors by name and some data, and
// waits until the program reports that it is ready and has then stayed alive
// for a while ([Spec].Settle). From then on the new process counts: Start
// returns a [Successor], and the predecessor may stop. In every other case
// Start kills the new process with its process group, waits until it is gone,
// and returns the reason: a [*Failed]. Then nothing has changed, and the
// predecessor continues.
//
// # Successor's side
//
// [Inherited] returns what was handed over; it is nil in a process that was
// started in any other way. The process takes the descriptors that it knows
// ([Inheritance.File]), starts, and calls [Inheritance.Ready], which returns
// when the predecessor has accepted; or it calls [Inheritance.Fail], and ends.
//
// # Who serves
//
//	predecessor                         successor
//	    │ fork, exec; record ───────────────▶ │ package initialisation
//	    │                                     │ starts
//	    │ ◀─────────────────────────── ready  │ Ready is called
//	    │ accepted ─────────────────────────▶ │ Ready returns: it serves, even if the predecessor ends
//	    │ (Settle)                            │
//	    │ counts ───────────────────────────▶ │ [Inheritance.Settled]
//	    │ Start returns                       │
//	    ╳ drains, ends ─────────────────────▶ │
//
// Until it has been accepted the successor depends on its predecessor: if the
// predecessor ends for any reason, the successor's whole group is killed, so
// that no daemon serves without its starter's knowledge. The same holds in the
// background: an interrupted start leaves no process. Once accepted the
// successor is independent: no signal, pipe or terminal of the predecessor can
// end it.
//
// # What is handed over, and what is visible
//
// One environment variable, the marker, makes a process a successor. It is read
// and removed while this package is initialised, before main, and the inherited
// descriptors are marked close-on-exec again: user code, worker processes and
// other children see neither. The names and the data come through a socket, in
// a record whose limits are in record.go.
//
// The successor's standard error is a pipe which the predecessor reads, for
// [Failed].Output, and copies to [Spec].Stderr. The successor holds the reading
// end too, so that the pipe never breaks. When the predecessor stops reading,
// the successor replaces the pipe by the file itself, and copies to it the rest
// of the pipe, and the later output of its own children, which still have the
// pipe.
//
// # In place
//
// [Held.Exec] executes the next program in the same process instead: it
// inherits the files, and has no predecessor to report to. [Try] finds out
// beforehand whether a program would start: a successor of kind [Trial] is
// killed as soon as it reports that it is ready.
//
// # Wrappers
//
// The program may be a script that ends with exec. If it runs the daemon as its
// child, the daemon refuses: the predecessor would watch the wrong process.
//
// # Reading order
//
// spec.go, environ.go, start.go, successor.go, handover.go (the predecessor's
// part of the diagram above), failed.go, stderr.go, then inherit.go,
// inheritance.go (the other side), record.go (bytes), files.go (descriptors).
// background.go is a start that goes into the background; inplace.go the next
// program in the same process, with replace_linux.go and replace_other.go;
// here.go says which of all this process came from, upgrades.go how many
// upgrades led to it.
//
// # Concurrency
//
// Everything exported is safe for use from any goroutine. A Successor runs two
// goroutines, for the end of the process and for its messages; both end with
// the process. An Inheritance runs one, which ends with the predecessor.
package takeover
