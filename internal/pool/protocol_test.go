package pool

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// said is a frame, or with "P" and "L" what the daemon says: a Pause, a Ping.
type said string

var sayings = map[said]wire.Header{
	"ready": {Kind: wire.Ready}, "failed": {Kind: wire.Failed}, "pong": {Kind: wire.Pong}, "log": {Kind: wire.Log},
	"response": {Kind: wire.Response}, "item": {Kind: wire.Item}, "stack": {Kind: wire.Stack}, "meters": {Kind: wire.Meters},
	"part": {Kind: wire.Captured}, "end": {Kind: wire.Captured, Code: uint16(wire.CaptureEnd)}, "unable": {Kind: wire.Captured, Code: uint16(wire.CaptureFailed)},
	"strange": {Kind: wire.Captured, Code: 9},
	"runs":    {Kind: wire.Loop, Code: uint16(wire.LoopRuns)}, "held": {Kind: wire.Loop, Code: uint16(wire.LoopPaused)},
	"over": {Kind: wire.Loop, Code: uint16(wire.LoopEnded)}, "error": {Kind: wire.Loop, Code: uint16(wire.LoopError)},
	"progress": {Kind: wire.Progress}, "told": {Kind: wire.Progress, Call: 1},
	"odd": {Kind: wire.Loop, Code: 99}, "request": {Kind: wire.Request}, "zero": {},
}

// Each conversation goes well up to its last frame, which is a breach if it is
// marked with "!". What PROTOCOL.md allows is allowed, and nothing else.
func TestManners(t *testing.T) {
	for _, c := range []struct {
		looping bool
		talk    string
	}{
		{false, "log ready log meters response item response stack meters response"},
		{false, "log log failed log"}, // it may end its life with the log of its end
		{false, "ready !ready"}, {false, "ready !failed"}, {false, "failed !ready"}, {false, "failed !failed"},
		{false, "!response"}, {false, "!item"}, {false, "!pong"}, {false, "!stack"}, {false, "!meters"}, {false, "!runs"}, {false, "failed !response"},
		{false, "ready PING pong PING PING pong pong"}, {false, "ready !pong"}, {false, "ready PING pong !pong"},
		{false, "!part"}, {false, "!end"}, {false, "ready !part"}, {false, "ready !end"}, {false, "ready !unable"}, {false, "ready CAPTURE !strange"},
		{false, "ready CAPTURE part part end !part"}, {false, "ready CAPTURE unable !end"}, {false, "ready CAPTURE end CAPTURE part unable !part"},
		{false, "ready !runs"}, {false, "ready !held"}, {false, "ready !over"}, {false, "ready !error"},
		{false, "ready told told"}, {false, "!told"}, {false, "failed !told"}, {false, "ready !progress"}, {true, "ready !progress"},
		{true, "ready runs progress PAUSE held progress over !progress"},
		{false, "!request"}, {false, "ready !request"}, {false, "!zero"},
		{true, "ready runs error error PAUSE held runs error PAUSE PAUSE held runs held runs over"},
		{true, "ready runs PAUSE held over"}, {true, "ready runs PAUSE over !over"}, {true, "ready runs PAUSE PAUSE held !held"},
		{true, "ready !held"}, {true, "ready !over"}, {true, "ready !error"}, {true, "ready !odd"}, {true, "ready runs !runs"},
		{true, "ready runs !held"}, {true, "ready runs PAUSE held !held"}, {true, "ready runs PAUSE held !error"},
		{true, "ready runs PAUSE held runs !held"}, {true, "ready runs over !runs"}, {true, "ready runs over !over"}, {true, "ready runs over !error"},
	} {
		m := newProtocol(c.looping)
		for _, word := range strings.Fields(c.talk) {
			switch word {
			case "PING":
				m.pings.Add(1)
				continue
			case "PAUSE":
				m.pauses.Add(1)
				continue
			case "CAPTURE":
				m.asks.Add(1)
				continue
			}
			frame, breach := strings.CutPrefix(word, "!")
			h, ok := sayings[said(frame)]
			if !ok {
				t.Fatalf("no frame %q", frame)
			}
			size := 0
			if frame == "part" {
				size = 1
			}
			if err := m.admit(h, size); (err != nil) != breach {
				t.Errorf("looping %v, %q: %s: %v", c.looping, c.talk, word, err)
			}
		}
	}
}

// A worker may not send more of a profile than there can be, in whatever parts.
func TestCaptureIsBounded(t *testing.T) {
	m := newProtocol(false)
	m.phase = phaseServes
	m.asks.Add(2)
	for range 2 {
		if err := m.admit(sayings["part"], wire.MaxCapture); err != nil {
			t.Fatal(err)
		}
		if err := m.admit(sayings["end"], 0); err != nil {
			t.Fatal(err)
		}
		m.asks.Add(1)
	}
	for _, size := range []int{0, wire.MaxCapture, 1} {
		if err := m.admit(sayings["part"], size); (err == nil) != (size == wire.MaxCapture) {
			t.Errorf("a part of %d bytes: %v", size, err)
		}
	}
}

// What a worker may send at any time, it may not send at any pace, and the less
// the larger it is: it has to wait, for as long as it goes on.
func TestPace(t *testing.T) {
	const size = 100 << 10
	heavy := pace{burst: 1 + logPace.burst/weight(size), interval: logPace.interval * time.Duration(weight(size))}
	for _, c := range []struct {
		frame said
		size  int
		pace  pace
	}{
		{"log", 0, logPace}, {"log", size, heavy}, {"meters", 0, logPace}, {"meters", size, heavy}, {"error", 0, errorPace}, {"error", size, heavy},
		{"told", 0, logPace}, {"progress", size, heavy},
	} {
		frame, pace := c.frame, c.pace
		t.Run(fmt.Sprint(frame, " of ", c.size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newProtocol(true)
				m.phase, m.loop = phaseServes, loopRuns
				talk := func(frames int) time.Duration {
					began := time.Now()
					for range frames {
						if err := m.admit(sayings[frame], c.size); err != nil {
							t.Fatal(err)
						}
					}
					return time.Since(began)
				}
				if took := talk(pace.burst - 1); took != 0 {
					t.Errorf("the first %d frames took %v", pace.burst, took)
				}
				more := 5 * pace.burst
				if took, want := talk(more), time.Duration(more-pace.burst)*pace.interval; took < want {
					t.Errorf("%d frames more took %v, not %v", more, took, want)
				}
				time.Sleep(time.Minute)
				if took := talk(pace.burst / 2); took != 0 {
					t.Errorf("after a pause it has to wait for %v", took)
				}
				m.gone.Store(true)
				if took := talk(more); took != 0 {
					t.Errorf("what it has left behind has to wait for %v", took)
				}
			})
		})
	}
}

// rudeness is what a rude worker says once it is ready, again and again. Its
// pool has no loops, and asks for nothing.
var rudeness = map[string]wire.Header{
	"rude: ready":      sayings["ready"],
	"rude: failed":     sayings["failed"],
	"rude: pong":       sayings["pong"],
	"rude: stack":      sayings["stack"],
	"rude: loop runs":  sayings["runs"],
	"rude: loop held":  sayings["held"],
	"rude: loop error": sayings["error"],
	"rude: loop ended": sayings["over"], // and so it would not have died of anything
	"rude: progress":   sayings["progress"],
	"rude: told":       sayings["told"], // of a call that it does not have
	"rude: request":    sayings["request"],
	"rude: part":       sayings["end"],
}

func rude(conn link.Conn, says wire.Header) error {
	hello := wire.Hello{Version: wire.Version}
	for _, name := range testFuncs {
		hello.Funcs = append(hello.Funcs, wire.FuncInfo{Name: name})
	}
	var payload []byte
	switch {
	case says.Kind == wire.Ready:
		payload = wire.AppendHello(nil, hello)
	case says.Kind == wire.Loop && wire.LoopState(says.Code) == wire.LoopError:
		payload = wire.AppendFault(nil, wire.Fault{Message: "the database is down"})
	case says.Kind == wire.Progress:
		payload = wire.AppendProgress(nil, wire.Done{})
	}
	err := conn.Send(wire.Header{Kind: wire.Ready}, wire.AppendHello(nil, hello))
	for err == nil {
		err = conn.Send(says, payload)
	}
	return nil
}

// A breach of protocol is the death of the worker, and counts as one, whatever
// it was; nothing above the pool learns what was sent.
func TestRudeWorker(t *testing.T) {
	for how := range rudeness {
		t.Run(how, func(t *testing.T) {
			each(t, func(t *testing.T, tr link.Transport) {
				p := start(t, Config{Min: 1, Max: 1}, launchGoroutines(how, tr, 1<<20))
				for end := time.Now().Add(guard); p.Summary().State != StateFailed; time.Sleep(time.Millisecond) { // MaxRestarts is 1
					if time.Now().After(end) {
						t.Fatalf("it goes on and on: %+v", p.Stats())
					}
				}
				if s := p.Stats(); s.Corrupt < 2 || s.Deaths < 2 {
					t.Errorf("%+v", s)
				}
				if n := p.loops.Load(); n != 0 {
					t.Errorf("news of %d loops", n)
				}
			})
		})
	}
}

// lastWords is a worker that dies having said much more than its pace allows:
// it is all in the link.
func lastWords(conn link.Conn) error {
	hello := wire.Hello{Version: wire.Version}
	for _, name := range testFuncs {
		hello.Funcs = append(hello.Funcs, wire.FuncInfo{Name: name})
	}
	err := conn.Send(wire.Header{Kind: wire.Ready}, wire.AppendHello(nil, hello))
	if err == nil {
		err = conn.Send(sayings["runs"], nil)
	}
	for n := 0; n < 4*errorPace.burst && err == nil; n++ {
		err = conn.Send(sayings["error"], wire.AppendFault(nil, wire.Fault{Message: "the database is down"}))
	}
	return err
}

// Nothing waits for the pace of the dead: what a worker has left in its link is
// taken at once, and it is replaced.
func TestLastWordsAreNotSlowed(t *testing.T) {
	p := start(t, Config{Min: 1, Max: 1, Looping: true}, launchGoroutines("last words", link.SharedMemory, 1<<20))
	for end := time.Now().Add(guard); p.Summary().State != StateFailed; time.Sleep(time.Millisecond) { // MaxRestarts is 1
		if time.Now().After(end) {
			t.Fatalf("the dead are still listened to, after %d words: %+v", p.loops.Load(), p.Stats())
		}
	}
	if n, want := int(p.loops.Load()), 2*(4*errorPace.burst+1); n < want {
		t.Errorf("%d of %d words were heard", n, want)
	}
}

// Of a loop that ends by itself the next start is put off, for longer each
// time; one that was of use for a while is started again soon.
func TestLoopsThatEndAtOnce(t *testing.T) {
	b := newBooter(Config{Min: 1, Max: 1, Looping: true, MaxRestarts: 3, RestartWindow: time.Hour})
	end := func(after time.Duration) (pause time.Duration) {
		t.Helper()
		w := b.booting()
		if w == nil || b.state != StateRunning {
			t.Fatalf("state %v, next worker %v", b.state, w)
		}
		b.ready(w)
		b.now += after
		w.done = true
		b.die(w, Death{})
		before := b.now
		b.booting()
		return b.now - before
	}
	first := end(0)
	for range 30 {
		end(0)
	}
	if last := end(0); first > 2*crashBackoffMin || last < b.cfg.BackoffMax/2 {
		t.Errorf("it paused for %v, and after many for %v", first, last)
	}
	end(2 * shortLoop)
	if pause := end(2 * shortLoop); pause > 2*crashBackoffMin {
		t.Errorf("after a long loop it paused for %v", pause)
	}
	if b.counts.Deaths != 0 {
		t.Errorf("%d deaths", b.counts.Deaths)
	}
}

// That its loop has ended does not excuse a worker from what it does then: from
// a breach of protocol, a crash, or silence.
func TestBreachAfterTheLoop(t *testing.T) {
	for name, end := range map[string]struct {
		death  Death
		cause  Cause
		breach uint64
	}{
		"breach":    {cause: CauseProtocol, breach: 4},
		"crash":     {death: Death{Exit: proc.Exit{Code: 2}}},
		"signal":    {death: Death{Exit: proc.Exit{Code: -1, Signal: 11}}},
		"lost":      {death: Death{Exit: proc.Exit{Code: 0, Signal: 9}}},
		"heartbeat": {cause: CauseHeartbeat},
	} {
		b := newBooter(Config{Min: 1, Max: 1, Looping: true, MaxRestarts: 3, RestartWindow: time.Hour})
		for n := range 4 {
			w := b.booting()
			if w == nil {
				t.Fatalf("after %d of %s: %v", n, name, b.state)
			}
			b.ready(w)
			w.done = true
			var fx effects
			if end.breach > 0 {
				b.violated(&fx, w, b.now)
			} else if end.cause != "" {
				b.kill(&fx, w, end.cause, true, b.now)
			}
			b.die(w, end.death)
		}
		if b.state != StateFailed || b.counts.Deaths != 4 || b.counts.Corrupt != end.breach {
			t.Errorf("after four times %s it is %v: %+v", name, b.state, b.counts)
		}
	}
}
