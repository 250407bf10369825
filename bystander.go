package legion

import "sync/atomic"

// bystanders is what Bystanders was given.
var bystanders atomic.Pointer[func(args []string) bool]

// Bystanders tells which command lines of this program only talk to a daemon
// that runs, or help with it: "stop", for instance. args are the arguments
// without the program's name and its own flags. Package cli says it of its
// verbs; a program with another command line may say it of its own, before it
// loads its configuration.
func Bystanders(fn func(args []string) bool) { bystanders.Store(&fn) }

// IsBystander reports whether a process with these arguments only talks to a
// daemon that runs, as far as Bystanders was told. What only a daemon needs is
// then no reason to fail: package config lets a mistake in its file pass, so
// that a daemon can be stopped in spite of it. A worker is none.
func IsBystander(args []string) bool {
	fn := bystanders.Load()
	return fn != nil && !IsWorker() && (*fn)(args)
}
