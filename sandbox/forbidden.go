package sandbox

import "strings"

// Forbidden is the system call that ended a worker because its [Sandbox] does
// not allow it.
type Forbidden struct {
	// Call is the name of the system call: "socket". It is "call 451" for one that
	// has no name here, and "a system call of another ABI" for one that was made in
	// the manner of another processor. In a strict Sandbox the start of a program
	// looks the same as the latter; then Call says both.
	Call string
	// Args are its arguments, as far as they matter and are known: "AF_INET,
	// SOCK_STREAM". They may be empty.
	Args string
	// Rule is the field of the Sandbox that would allow it: "Network"; "" if none
	// does.
	Rule string
	// Where is the function of the program that made the call, and its place:
	// "webp.fetch (webp.go:14)". Of a call in C it is the Go function that called
	// C. It is empty if there was no stack.
	Where string
}

// String says it in one clause: "called socket(AF_INET, SOCK_STREAM), which
// Sandbox.Network does not allow: it was in webp.fetch (webp.go:14)".
func (f *Forbidden) String() string {
	s := "called " + f.Call
	if !strings.Contains(s[len("called "):], " ") {
		s += "(" + f.Args + ")"
	}
	if f.Rule != "" {
		s += ", which Sandbox." + f.Rule + " does not allow"
	} else {
		s += ", which no Sandbox allows"
	}
	if f.Where != "" {
		s += ": it was in " + f.Where
	}
	return s
}

// Report says what confines a worker. Each entry has a few words.
type Report struct {
	// Held is what holds: "files: Landlock 7", "calls: seccomp".
	Held []string
	// Missing is what was asked for and this system cannot do. It is empty without
	// BestEffort.
	Missing []string
}
