// Package takeover starts another process of the same daemon and hands over to it: a daemon that goes into the
// background, and an upgrade, in which the new program starts beside the old one and continues its work.
//
// # Predecessor's side
//
// [Start] executes a program, hands it descriptors by name and some data, and waits until it has said that it is ready
// and has then stayed alive for a while ([Spec].Settle). From then on it counts: Start returns a [Successor], and the
// predecessor may stop. In every other case Start kills the new process with its process group, waits until it is gone,
// and returns why: a [*Failed]. Nothing has changed then, and the predecessor goes on.
//
// # Successor's side
//
// [Inherited] tells what was handed over; in a process that was started in any other way it is nil. The process takes the
// descriptors that it knows ([Inheritance.File]), starts, and calls [Inheritance.Ready], which returns when the
// predecessor has accepted; or [Inheritance.Fail], and ends.
//
// # Who serves
//
//	predecessor                         successor
//	    │ fork, exec; record ───────────────▶ │ package initialisation
//	    │                                     │ starts
//	    │ ◀─────────────────────────── ready  │ Ready is called
//	    │ accepted ─────────────────────────▶ │ Ready returns: it serves, whatever happens to the predecessor
//	    │ (Settle)                            │
//	    │ counts ───────────────────────────▶ │ [Inheritance.Settled]
//	    │ Start returns                       │
//	    ╳ drains, ends ─────────────────────▶ │ [Inheritance.Gone]
//
// Until it has been accepted the successor hangs on its predecessor: if that one ends, however it does, the successor's
// whole group is killed, so that a daemon never serves that nobody has been told of. That holds for the background too:
// a start that was interrupted leaves nothing. Once accepted it is nobody's child: no signal, pipe or terminal of the
// predecessor's can end it.
//
// # What travels, and who sees it
//
// One environment variable, the marker, makes a process a successor. It is read and removed while this package is
// initialised, before main, and the inherited descriptors are closed again on exec: user code, worker processes and other
// children see neither. The names and the data come through a socket, in a record whose limits are in record.go.
//
// The successor's standard error is a pipe which the predecessor reads, for [Failed].Output, and copies to
// [Spec].Stderr. The successor holds the reading end too, so that the pipe never breaks; when the predecessor has let
// go, it replaces the pipe by the file itself, and copies to it what is left in the pipe, and what its own children, who have
// the pipe still, write later.
//
// # In place
//
// [Held.Exec] executes the next program in the same process instead: it inherits the files, and there is no predecessor
// to tell. [Try] finds out beforehand whether a program would start: a successor of kind [Trial] is killed as soon as it
// says that it is ready.
//
// # Wrappers
//
// The program may be a script that ends with exec. One that runs the daemon as its child is refused by the daemon: the
// predecessor would watch the wrong process.
//
// # Reading order
//
// spec.go, start.go, successor.go, handover.go (the predecessor's part of the picture above), stderr.go, then
// inherit.go, inheritance.go (the other side), record.go (bytes).
//
// # Concurrency
//
// Everything exported is safe for use from any goroutine. A Successor has two goroutines, for its end and for its
// messages; both end with the process. An Inheritance has one, which ends with the predecessor.
package takeover
