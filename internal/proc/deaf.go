package proc

import (
	"os"
	"os/signal"
	"syscall"
)

// stackSignal asks a child to end and print its stacks. It is not SIGQUIT,
// which an operator may send to every process of a daemon: see ignoreStops. The
// Go runtime treats both the same.
const stackSignal = syscall.SIGABRT

// stackHead is the beginning of the Go runtime's report at stackSignal.
const stackHead = "SIGABRT: "

// AskedFor reports whether a child wrote an Exit.Stack because of
// [Process.Quit], or of an abort in C.
func AskedFor(stack string) bool {
	return len(stack) >= len(stackHead) && stack[:len(stackHead)] == stackHead
}

// stops are the signals that end a Go process, and that may reach a child
// without intent: systemd's default KillMode, pkill and killall send them to
// every process of a daemon. The daemon decides what they do.
var stops = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT}

// ignoreStops makes this process catch the stops and do nothing. They are
// caught, not ignored, so that programs it executes have the default actions. A
// signal that was ignored when the program started stays ignored, for both.
// User code that calls signal.Notify still gets them; signal.Reset undoes this.
func ignoreStops() {
	deaf := make(chan os.Signal, 1) // never read: further signals are dropped
	for _, s := range stops {
		if !signal.Ignored(s) {
			signal.Notify(deaf, s)
		}
	}
}
