package pool

import (
	"cmp"
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/text"
	"github.com/legion-go/legion/internal/where"
)

// causeOf is why w ended, in the word that certificates and figures show, or ""
// if its end was planned.
func (k *core) causeOf(w *worker, d *Death) string {
	clean := d.Code == 0 && d.Signal == 0
	switch {
	case w.killedBy == CauseKill:
		return "kill"
	case w.killedBy == CauseStop && !w.ready: // it was not needed any more
		return ""
	case w.state == workerLeaving && w.killedBy == "" && clean, w.endedWithLoop(d):
		return ""
	case d.Forbidden != nil:
		return "forbidden"
	case !w.ready:
		return "boot"
	}
	switch w.killedBy {
	case CauseDeadline:
		return "deadline"
	case CauseCancel:
		return "cancel"
	case CauseStop:
		return "stop"
	case CauseMemory:
		return "memory_limit"
	case CauseProtocol:
		return "protocol"
	case CauseHeartbeat, CauseLag:
		return "heartbeat"
	}
	switch {
	case d.OutOfMemory:
		return "out_of_memory"
	case d.Signal != 0:
		return "signal"
	}
	return "exit"
}

// longestWhy bounds the bytes of a reason: it may quote the worker.
const longestWhy = 400

// why says in one sentence why the worker died: for people, who know neither
// the words of causes nor the pool's rules.
func (e *ending) why(frame string) string {
	s := e.cfg.Name + " " + e.how()
	if frame != "" && !strings.Contains(s, frame) {
		s += "; it was in " + frame
	}
	if e.death.inMain() {
		s += mainHint
	}
	return text.Shorten(strings.Join(strings.Fields(s), " "), longestWhy)
}

// how is why without the pool and the place.
func (e *ending) how() string {
	d := e.death
	switch d.Cause {
	case "deadline", "cancel":
		return "was killed: " + e.overran()
	case "stop":
		return "was killed: it was told to end, and did not in time"
	case "kill":
		if len(e.calls) == 0 {
			return "was killed by hand"
		}
		return "was killed by hand while " + e.call() + " ran"
	case "memory_limit":
		return fmt.Sprintf("was killed: it needed more memory than its limit, %d MiB", d.Limit>>20)
	case "heartbeat":
		if Cause(d.KilledBy) == CauseLag {
			return "was killed: it did not read what it was sent"
		}
		return "was killed: it gave no sign of life"
	case "protocol":
		return "was killed: " + d.firstLine()
	case "boot":
		return "did not get ready: it " + e.ended()
	}
	return e.ended()
}

// ended is how the process ended.
func (e *ending) ended() string {
	d := e.death
	var s string
	switch {
	case d.Forbidden != nil:
		return d.Forbidden.String()
	case d.PID == 0:
		return strings.TrimPrefix(d.firstLine(), "it ")
	case Cause(d.KilledBy) == CauseBootTimeout:
		return fmt.Sprintf("took longer than %s", lasting(e.cfg.BootTimeout))
	case d.KilledBy != "":
		s = "was killed (" + d.KilledBy + ")"
	case d.OutOfMemory && d.Limit > 0:
		return fmt.Sprintf("ran out of memory: its limit is %d MiB", d.Limit>>20)
	case d.OutOfMemory:
		return "ran out of memory"
	case d.Signal != 0:
		s = fmt.Sprintf("was ended by %s", signalName(d.Signal))
	default:
		s = fmt.Sprintf("exited with code %d", d.Code)
	}
	if line := d.firstLine(); line != "" {
		s += ": " + line
	}
	return s
}

// overran says of the call for which the worker was killed how long it ran.
func (e *ending) overran() string {
	if len(e.calls) == 0 {
		return "a call went on after its end"
	}
	c := e.calls[0]
	switch {
	case e.death.Cause == "cancel":
		return fmt.Sprintf("%s ran on for %s after it was canceled", e.call(), lasting(e.at-c.canceled))
	case c.limit == 0:
		return fmt.Sprintf("%s ran on for %s after its deadline", e.call(), lasting(e.at-c.canceled))
	}
	ran := fmt.Sprintf("%s ran %s", e.call(), lasting(e.at-c.began))
	if wait := c.began - c.submitted; wait > c.limit/10 {
		ran = fmt.Sprintf("%s waited %s and ran %s", e.call(), lasting(wait), lasting(e.at-c.began))
	}
	return fmt.Sprintf("%s, its limit is %s", ran, lasting(c.limit))
}

// call names the call of which the worker died.
func (e *ending) call() string {
	if fn := e.cfg.Funcs[e.calls[0].fn]; fn != e.cfg.Name {
		return "its call of " + fn
	}
	return "its call"
}

// firstLine is the first line of its last words: of its stack, or the last that
// it printed.
func (d *Death) firstLine() string {
	for line := range strings.Lines(d.Stack) {
		if line = strings.TrimSpace(line); line != "" && !proc.AskedFor(line) {
			return line
		}
	}
	for i := len(d.Stderr) - 1; i >= 0 && d.Stack == ""; i-- {
		if line := strings.TrimSpace(d.Stderr[i]); line != "" {
			return line
		}
	}
	return ""
}

// lasting writes a duration with two digits.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// signalName is the name of a signal, as in "SIGSEGV".
func signalName(s syscall.Signal) string { return cmp.Or(unix.SignalName(s), s.String()) }

// frame is where the program was when its worker died: of several calls the one
// that runs in the first goroutine of the report. It is "" if that is not
// known.
func (d *Death) frame() string {
	asked := proc.AskedFor(d.Stack)
	for block := range strings.SplitSeq(strings.TrimPrefix(d.Stack, "WARNING: DATA RACE\n"), "\n\n") {
		if asked && !d.runs(block) {
			continue
		}
		if d.Race {
			block = strings.NewReplacer("\n      ", "\n\t", "\n  ", "\n").Replace(block)
		}
		if at := where.Program(block); at != "" {
			return at
		}
	}
	return ""
}
