package legion

import "sync/atomic"

// bystanders is the function given to Bystanders.
var bystanders atomic.Pointer[func(args []string) bool]

// Bystanders declares which command lines of this program only talk to a
// running daemon, or help to operate it: "stop", for instance. fn gets the
// arguments without the program's name and its own flags. Package cli declares
// its verbs; a program with another command line may declare its own, before it
// loads its configuration.
func Bystanders(fn func(args []string) bool) { bystanders.Store(&fn) }

// IsBystander reports whether a process with these arguments only talks to a
// running daemon, as declared by Bystanders. It should not fail for lack of
// things that only a daemon needs: package config ignores a mistake in its file
// then, so that a daemon can be stopped in spite of it. A worker is not a
// bystander.
func IsBystander(args []string) bool {
	fn := bystanders.Load()
	return fn != nil && !IsWorker() && (*fn)(args)
}
