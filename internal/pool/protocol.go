package pool

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// protocol checks what a worker may send, and when; PROTOCOL.md has it as a
// table. A frame that it may not send is a breach of protocol. So a compromised
// worker cannot make the daemon repeat unrequested work: each frame may come
// once, or once for each request, or its rate is bounded.
//
// One goroutine at a time receives, and owns all but the counters of requests.
type protocol struct {
	looping bool // the workers have loops of their own

	phase  phase
	loop   loopPhase
	ponged int32 // answers to pings
	held   int32 // LoopPaused
	logs   pace
	errors pace
	taken  int32 // answers to captures that have ended
	open   int   // bytes of the one under way

	pings  atomic.Int32 // sent; before the frame is
	pauses atomic.Int32 // sent; before the frame is
	asks   atomic.Int32 // captures; before the frame is
	gone   atomic.Bool  // the process has ended: the remaining frames are at most what its link holds
}

func newProtocol(looping bool) *protocol {
	return &protocol{looping: looping, logs: logPace, errors: errorPace}
}

// phase is how far a worker has come, by the frames it sent.
type phase uint8

const (
	phaseStarts phase = iota // nothing yet, except its log
	phaseServes              // Ready
	phaseFailed              // Failed
)

// loopPhase is the same for its own loop.
type loopPhase uint8

const (
	loopNone loopPhase = iota // it has no loop, or the loop has not begun
	loopRuns
	loopHeld
	loopOver
)

func (l loopPhase) String() string {
	return [...]string{"silent", "looping", "paused", "ended"}[l]
}

// admit returns why the worker may not send a frame of this payload size now,
// or nil. It may wait: a worker that sends too much is slowed down.
func (m *protocol) admit(h wire.Header, size int) error {
	switch h.Kind {
	case wire.Ready, wire.Failed:
		if m.phase != phaseStarts {
			return fmt.Errorf("%v a second time, or after %v", h.Kind, map[phase]wire.Kind{phaseServes: wire.Ready, phaseFailed: wire.Failed}[m.phase])
		}
		m.phase = phaseServes
		if h.Kind == wire.Failed {
			m.phase = phaseFailed
		}
		return nil
	case wire.Log: // a worker may log during its setup
		m.slow(&m.logs, weight(size))
		return nil
	case wire.Response, wire.Item, wire.Pong, wire.Loop, wire.Stack, wire.Meters, wire.Captured, wire.Progress:
		if m.phase != phaseServes {
			return fmt.Errorf("%v before Ready, or after Failed", h.Kind)
		}
	default:
		return fmt.Errorf("a worker may not send %v", h.Kind)
	}
	switch h.Kind {
	case wire.Pong:
		if m.ponged++; m.ponged > m.pings.Load() {
			return fmt.Errorf("%v without a Ping", h.Kind)
		}
	case wire.Loop:
		return m.admitLoop(wire.LoopState(h.Code), size)
	case wire.Progress:
		if h.Call == 0 && m.loop != loopRuns && m.loop != loopHeld {
			return fmt.Errorf("%v of its loop, which does not run", h.Kind)
		}
		m.slow(&m.logs, weight(size))
	case wire.Meters:
		m.slow(&m.logs, weight(size))
	case wire.Captured:
		return m.admitCaptured(wire.CaptureState(h.Code), size)
	}
	return nil
}

// admitCaptured checks the parts and the end of a profile or a trace.
func (m *protocol) admitCaptured(state wire.CaptureState, size int) error {
	if m.taken == m.asks.Load() {
		return errors.New("a Captured without a Capture")
	}
	switch state {
	case wire.CapturePart:
		if m.open += size; size == 0 || m.open > wire.MaxCapture {
			return fmt.Errorf("a part of %d bytes of a capture of %d, limit %d", size, m.open, wire.MaxCapture)
		}
	case wire.CaptureEnd, wire.CaptureFailed:
		m.taken++
		m.open = 0
	default:
		return fmt.Errorf("impossible news %d of a capture", state)
	}
	return nil
}

// admitLoop checks news of the worker's own loop: it begins once, is held at
// most once for each Pause, and ends once.
func (m *protocol) admitLoop(state wire.LoopState, size int) error {
	if !m.looping {
		return fmt.Errorf("news of a loop, which workers of this pool do not have")
	}
	from := m.loop
	switch {
	case state == wire.LoopRuns && (from == loopNone || from == loopHeld):
		m.loop = loopRuns
	case state == wire.LoopPaused && from == loopRuns && m.held < m.pauses.Load():
		m.loop = loopHeld
		m.held++
	case state == wire.LoopEnded && (from == loopRuns || from == loopHeld):
		m.loop = loopOver
	case state == wire.LoopError && from == loopRuns:
		m.slow(&m.errors, 1)
		m.slow(&m.logs, weight(size))
	default:
		return fmt.Errorf("impossible news %d of its loop: it has been %v", state, from)
	}
	return nil
}

// slow takes tokens of p, and waits for them. Later frames wait too, and in the
// end the worker waits for room. Frames of an ended process are read at once:
// callers wait for them, and the next worker.
func (m *protocol) slow(p *pace, tokens int) {
	if d := p.take(tokens); d > 0 && !m.gone.Load() {
		time.Sleep(d)
	}
}

// weight is the cost of a frame: one token, and one more for each KiB.
func weight(size int) int { return 1 + size>>10 }

// A worker may send a burst of unrequested frames, then one for each step. The
// log itself limits records (to some thousand a second); their pace here only
// bounds the cost of receiving them. Each error of a loop calls handlers, and a
// loop that fails pauses for longer than its step.
var (
	logPace   = pace{burst: 10_000, interval: 50 * time.Microsecond}
	errorPace = pace{burst: 1000, interval: 10 * time.Millisecond}
)

// pace is a bucket of tokens.
type pace struct {
	burst, spent int
	interval     time.Duration
	at           time.Time // when spent was counted
}

// take takes tokens, and returns how long to wait for them.
func (p *pace) take(tokens int) time.Duration {
	if p.spent += tokens; p.spent < p.burst {
		return 0
	}
	now := time.Now()
	back := min(now.Sub(p.at)/p.interval, time.Duration(p.spent))
	p.spent -= int(back)
	p.at = now
	return max(time.Duration(p.spent-p.burst+1)*p.interval, 0)
}
