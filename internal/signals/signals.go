// Package signals knows what a daemon may do with which signals.
//
//   - signals.go: all signals, and the ones that a Go program cannot take
//   - plan.go: what becomes of each
//   - held.go: signals that wait
//   - wishes.go: slow work that signals ask for
package signals

import (
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// BuiltIn are the signals that Daemon.Run always takes. SIGQUIT is not among
// them: it ends a Go program with all its stacks, which is its purpose.
var BuiltIn = []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}

// EventsOnly are the signals that become events and do nothing else.
var EventsOnly = []syscall.Signal{syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGIO}

// Never reports whether no program can decide what s does.
func Never(s syscall.Signal) bool { return s == syscall.SIGKILL || s == syscall.SIGSTOP }

// Untakeable says why a Go program cannot take s, or "". Package os/signal
// accepts all of them, and does not say that they never come.
func Untakeable(s syscall.Signal) string {
	name := unix.SignalName(s)
	switch {
	case s < 1 || s > 64:
		return "there is no such signal"
	case Never(s):
		return "the system lets no program catch or ignore it"
	case slices.Contains([]string{"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGSTKFLT", "SIGEMT"}, name):
		return "it reports a fault of the program, which the Go runtime makes a panic or a crash of"
	case name == "SIGPROF":
		return "the Go runtime's profiler takes it, and it never arrives"
	case name == "SIGURG":
		return "the Go runtime sends it to itself all the time, to interrupt goroutines"
	case runtime.GOOS == "linux" && s >= 32 && s <= 34:
		return "the C library uses it"
	}
	return ""
}

// Parse reads the name of a signal, with or without SIG, or its number. It
// refuses signals that a Go program cannot take.
func Parse(text string) (syscall.Signal, error) {
	sig := syscall.Signal(0)
	if n, err := strconv.Atoi(text); err == nil {
		sig = syscall.Signal(n)
	} else {
		name := strings.ToUpper(text)
		if !strings.HasPrefix(name, "SIG") {
			name = "SIG" + name
		}
		sig = unix.SignalNum(name)
	}
	switch {
	case sig <= 0 || unix.SignalName(sig) == "":
		return 0, fmt.Errorf("there is no signal %q: write HUP, SIGHUP or 1, as kill -l lists them", text)
	case Untakeable(sig) != "":
		return 0, fmt.Errorf("%s cannot be taken: %s; use kill", unix.SignalName(sig), Untakeable(sig))
	}
	return sig, nil
}
