package takeover

import (
	"fmt"
	"os"
	"strings"
)

// Upgraded reports whether an upgrade started this process.
func Upgraded() bool { return inherited != nil && inherited.Kind == Upgrade }

// GoesOn reports whether this process continues a daemon that ran in it before.
func GoesOn() bool { return inherited != nil && inherited.Kind == InPlace }

// Luggage is the data that the previous program in this process passes to this
// one.
type Luggage struct {
	Free   bool   // no other process waits for this one
	Failed string // why the intended program could not be executed; "" if it was
}

func (l Luggage) encode() []byte { return fmt.Appendf(nil, "%t\n%s", l.Free, l.Failed) }

// Carried returns the luggage of this process.
func Carried() (l Luggage) {
	if GoesOn() {
		free, failed, _ := strings.Cut(string(inherited.Data), "\n")
		l = Luggage{Free: free == "true", Failed: failed}
	}
	return l
}

// starter is the process that started this one.
var starter = os.Getppid()

// Awaited describes the process that may wait for this one, and takes its end
// for the daemon's; "" if no process does.
func Awaited() string {
	switch {
	case os.Getpid() == 1:
		return "it is process 1, with which its container ends"
	case inherited != nil && !GoesOn(): // its predecessor expects the daemon's process to change
		return ""
	case inherited != nil && Carried().Free:
		return ""
	case os.Getppid() != starter: // an orphan
		return ""
	}
	return fmt.Sprintf("process %d, which started it, may wait for it", starter)
}
