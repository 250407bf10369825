package proc

import (
	"fmt"
	"syscall"
	"time"

	"github.com/legion-go/legion/sandbox"
)

// Exit says how a child ended.
type Exit struct {
	PID int
	// Code is the exit code, or −1 if a signal ended the child, or if other code in
	// this process reaped it (with wait4(−1)) and its code is lost.
	Code int
	// Signal is the signal that ended the child, 0 if it exited. A Go process exits
	// with code 2 on a panic, a fatal error and SIGABRT; then Stack has the
	// runtime's report.
	Signal syscall.Signal
	// KilledBy is the first reason given to Process.Kill, if it was given before
	// the child was dying anyway, and SIGKILL ended it. "" with a Signal means that
	// another process or the kernel sent the signal.
	KilledBy string
	// OutOfMemory is true only if the kernel says so (the child's cgroup counts a
	// kill for memory, SIGKILL ended the child, and Kill was not called before) or
	// the Go runtime does (its fatal error).
	OutOfMemory bool
	// Race is true if the child was built with the race detector, which found a
	// data race and ended the child.
	Race bool
	// Forbidden is the system call that ended the child because its Sandbox does
	// not allow it; nil if none did.
	Forbidden *sandbox.Forbidden
	// Stack is the Go runtime's crash report, or "" without one; valid UTF-8 of at
	// most MaxStack bytes. It is the report printed to stderr, without registers,
	// frame addresses and the runtime's own goroutines. With Race it is the end of
	// the race detector's last report.
	Stack string
	// Stderr is the end of the child's stderr: at most StderrLines lines and
	// StderrBytes bytes; of a crash report, only the first lines.
	Stderr []string
	Usage  Usage
	// Uptime is the time from Start to the end.
	Uptime time.Duration
}

// Usage is what a child used in its life, with the children it has waited for.
type Usage struct {
	User   time.Duration // processor time in user mode
	System time.Duration // processor time in the kernel
	MaxRSS uint64        // bytes, largest resident set of the child (shared pages included)
}

// String says in a few words how the child ended, e.g. "exit code 2" or
// "SIGKILL (timeout)".
func (e Exit) String() string {
	var s string
	switch {
	case e.Signal != 0:
		s = signalName(e.Signal)
	case e.Code < 0:
		s = "unknown end: other code in this process reaped it"
	default:
		s = fmt.Sprintf("exit code %d", e.Code)
	}
	if e.KilledBy != "" {
		s += " (" + e.KilledBy + ")"
	}
	if e.OutOfMemory {
		s += ", out of memory"
	}
	if e.Race {
		s += ", a data race"
	}
	return s
}

// usage converts the rusage of wait4.
func usage(r *syscall.Rusage) Usage {
	return Usage{
		User:   time.Duration(r.Utime.Nano()),
		System: time.Duration(r.Stime.Nano()),
		MaxRSS: uint64(r.Maxrss) * maxrssUnit,
	}
}
