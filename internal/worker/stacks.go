package worker

import (
	"errors"
	"runtime"
	"strings"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// minDump and maxDump bound the memory for a dump of stacks. A goroutine takes
// more memory than its description, so the dump is small compared with the
// goroutines.
const minDump, maxDump = 64 << 10, 16 << 20

// tellStacks answers the daemon's request for stacks. It works while every
// function is busy: the runtime stops functions that compute, and does not wait
// for those in the kernel or in C.
func (s *server) tellStacks() {
	text := stacks()
	err := s.conn.Send(wire.Header{Kind: wire.Stack}, wire.AppendStack(nil, text))
	if large := (*wire.TooLarge)(nil); errors.As(err, &large) {
		text = proc.CutStack(text, int(large.Limit))
		_ = s.conn.Send(wire.Header{Kind: wire.Stack}, wire.AppendStack(nil, text))
	}
}

// stacks returns the stacks of all goroutines except the runtime's and this
// one. Those that run functions of this worker come first, so that they are
// included however many others there are. The one that waits for calls is
// included only if there is no other.
func stacks() string {
	dump := make([]byte, min(max(runtime.NumGoroutine()<<10, minDump), maxDump))
	n := runtime.Stack(dump, true)
	for n == len(dump) && n < maxDump {
		dump = make([]byte, min(4*n, maxDump))
		n = runtime.Stack(dump, true)
	}
	var functions, others, serves []string
	size := 0
	for g := range proc.Goroutines(dump[:n]) {
		switch {
		case runs(g, "(*server).run", "(*server).iteration"):
			functions = append(functions, g)
		case runs(g, "stacks"):
		case runs(g, "Serve"):
			serves = append(serves, g)
		case size <= wire.MaxStack:
			others = append(others, g)
			size += len(g)
		}
	}
	all := append(functions, others...)
	if len(all) == 0 {
		all = serves
	}
	return proc.CutStack(strings.Join(all, "\n\n"), wire.MaxStack)
}

// runs reports whether one of this package's functions is in a goroutine's
// stack.
func runs(goroutine string, functions ...string) bool {
	for _, f := range functions {
		if strings.Contains(goroutine, "/internal/worker."+f+"(") {
			return true
		}
	}
	return false
}
