package proc

import (
	"os"
	"os/signal"
	"syscall"
)

// stackSignal is how a child is asked to end with its stacks. It is not SIGQUIT, which an operator may send to every
// process of a daemon: see ignoreStops. The Go runtime does the same at both.
const stackSignal = syscall.SIGABRT

// stackHead is how the report begins that the Go runtime writes at stackSignal.
const stackHead = "SIGABRT: "

// AskedFor reports whether an Exit.Stack is what a child wrote because of [Process.Quit], or of an abort in C.
func AskedFor(stack string) bool {
	return len(stack) >= len(stackHead) && stack[:len(stackHead)] == stackHead
}

// stops are the signals that end a Go process, and that reach a child which nobody means: systemd's default KillMode,
// pkill and killall send them to every process of a daemon. What they are to do is the daemon's to decide.
var stops = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT}

// ignoreStops has this process take the stops and do nothing. They are caught, not ignored: what this process executes
// gets them with their default again. One that was ignored when the program started stays so, for both. User code that
// calls signal.Notify gets them all the same; signal.Reset undoes this.
func ignoreStops() {
	deaf := make(chan os.Signal, 1) // never read: what does not fit is thrown away
	for _, s := range stops {
		if !signal.Ignored(s) {
			signal.Notify(deaf, s)
		}
	}
}
