package takeover

import (
	"fmt"
	"os"
	"strings"
)

// Upgraded reports whether an upgrade started this process.
func Upgraded() bool { return inherited != nil && inherited.Kind == Upgrade }

// GoesOn reports whether this process goes on with a daemon that was in it before.
func GoesOn() bool { return inherited != nil && inherited.Kind == InPlace }

// Luggage is what the program before, in the same process, tells this one.
type Luggage struct {
	Free   bool   // no other process waits for this one
	Failed string // why it is not another program that was executed; "" if it is
}

func (l Luggage) encode() []byte { return fmt.Appendf(nil, "%t\n%s", l.Free, l.Failed) }

// Carried returns this process's luggage.
func Carried() (l Luggage) {
	if GoesOn() {
		free, failed, _ := strings.Cut(string(inherited.Data), "\n")
		l = Luggage{Free: free == "true", Failed: failed}
	}
	return l
}

// starter is the process that started this one.
var starter = os.Getppid()

// Awaited says which process may wait for this one, and takes its end for that of
// the daemon; "" if there is none.
func Awaited() string {
	switch {
	case os.Getpid() == 1:
		return "it is process 1, with which its container ends"
	case inherited != nil && !GoesOn(): // another process has decided that it may have a new one
		return ""
	case inherited != nil && Carried().Free:
		return ""
	case os.Getppid() != starter: // an orphan
		return ""
	}
	return fmt.Sprintf("process %d, which started it, may wait for it", starter)
}
