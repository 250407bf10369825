package pool

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/wire"
)

// said is a frame, or with "P" and "L" what the daemon says: a Pause, a Ping.
type said string

var sayings = map[said]wire.Header{
	"ready": {Kind: wire.Ready}, "failed": {Kind: wire.Failed}, "pong": {Kind: wire.Pong}, "log": {Kind: wire.Log},
	"response": {Kind: wire.Response}, "item": {Kind: wire.Item}, "stack": {Kind: wire.Stack},
	"runs": {Kind: wire.Loop, Code: uint16(wire.LoopRuns)}, "held": {Kind: wire.Loop, Code: uint16(wire.LoopPaused)},
	"over": {Kind: wire.Loop, Code: uint16(wire.LoopEnded)}, "error": {Kind: wire.Loop, Code: uint16(wire.LoopError)},
	"odd": {Kind: wire.Loop, Code: 99}, "request": {Kind: wire.Request}, "zero": {},
}

// Each conversation goes well up to its last frame, which is a breach if it is
// marked with "!". What PROTOCOL.md allows is allowed, and nothing else.
func TestManners(t *testing.T) {
	for _, c := range []struct {
		looping bool
		talk    string
	}{
		{false, "log ready log response item response stack response"},
		{false, "log log failed log"}, // it may end its life with the log of its end
		{false, "ready !ready"}, {false, "ready !failed"}, {false, "failed !ready"}, {false, "failed !failed"},
		{false, "!response"}, {false, "!item"}, {false, "!pong"}, {false, "!stack"}, {false, "!runs"}, {false, "failed !response"},
		{false, "ready PING pong PING PING pong pong"}, {false, "ready !pong"}, {false, "ready PING pong !pong"},
		{false, "ready !runs"}, {false, "ready !held"}, {false, "ready !over"}, {false, "ready !error"},
		{false, "!request"}, {false, "ready !request"}, {false, "!zero"},
		{true, "ready runs error error PAUSE held runs error PAUSE PAUSE held runs held runs over"},
		{true, "ready runs PAUSE held over"},
		{true, "ready !held"}, {true, "ready !over"}, {true, "ready !error"}, {true, "ready !odd"}, {true, "ready runs !runs"},
		{true, "ready runs !held"}, {true, "ready runs PAUSE held !held"}, {true, "ready runs PAUSE held !error"},
		{true, "ready runs PAUSE held runs !held"}, {true, "ready runs over !runs"}, {true, "ready runs over !over"}, {true, "ready runs over !error"},
	} {
		m := &manners{looping: c.looping}
		for _, word := range strings.Fields(c.talk) {
			switch word {
			case "PING":
				m.pings.Add(1)
				continue
			case "PAUSE":
				m.pauses.Add(1)
				continue
			}
			frame, breach := strings.CutPrefix(word, "!")
			h, ok := sayings[said(frame)]
			if !ok {
				t.Fatalf("no frame %q", frame)
			}
			if err := m.admit(h); (err != nil) != breach {
				t.Errorf("looping %v, %q: %s: %v", c.looping, c.talk, word, err)
			}
		}
	}
}

// A worker that talks without end has to wait, for as long as it talks.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p pace
		began := time.Now()
		for range paceBurst - 1 {
			p.wait()
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("the first %d frames took %v", paceBurst, took)
		}
		const more = 5 * paceBurst
		for range more {
			p.wait()
		}
		if took, want := time.Since(began), (more-paceBurst)*paceStep; took < want {
			t.Errorf("%d frames more took %v, not %v", more, took, want)
		}
		time.Sleep(time.Minute)
		began = time.Now()
		for range paceBurst / 2 {
			p.wait()
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("after a pause it has to wait for %v", took)
		}
	})
}

// rude is a worker that says again and again what nothing has asked for.
func rude(conn link.Conn) error {
	hello := wire.Hello{Version: wire.Version}
	for _, name := range testFuncs {
		hello.Funcs = append(hello.Funcs, wire.FuncInfo{Name: name})
	}
	payload := wire.AppendHello(nil, hello)
	for {
		if err := conn.Send(wire.Header{Kind: wire.Ready}, payload); err != nil {
			return nil
		}
	}
}

// A breach of protocol is the death of the worker, and counts as one.
func TestRudeWorker(t *testing.T) {
	each(t, func(t *testing.T, tr link.Transport) {
		p := start(t, Config{Min: 1, Max: 1}, launchGoroutines("rude", tr, 1<<20))
		for end := time.Now().Add(guard); p.Summary().State != Broken; time.Sleep(time.Millisecond) { // MaxRestarts is 1
			if time.Now().After(end) {
				t.Fatalf("it goes on and on: %+v", p.Stats())
			}
		}
		if s := p.Stats(); s.Corrupt < 2 || s.Deaths < 2 {
			t.Errorf("%+v", s)
		}
	})
}
