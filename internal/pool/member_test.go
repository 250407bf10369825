package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/link"
	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
)

// A worker's life is told in its order, with its times, and remembered.
func TestLifeOfAWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := newStage(t, Config{Min: 1, BackoffMin: time.Hour, BackoffMax: time.Hour})
		st.start(context.Background())
		time.Sleep(5 * time.Millisecond)
		st.actor(1).ready()
		st.want("ready 1 pid 101 after 5ms")
		st.wantStarted(nil)
		c := st.give(1)
		st.want("1: Request spinning of 1 bytes")
		time.Sleep(time.Second)
		st.actor(1).toPool <- link.Frame{Header: wire.Header{Kind: wire.Response, Call: st.actor(1).request(0).Call}, Payload: []byte("x")}
		d := proc.Exit{PID: 101, Code: 3, Stack: "panic: boom", Stderr: []string{"boom"}}
		st.actor(1).die(d) // what it has said before is heard
		st.want("died 1 (expected false)", "1: closed")
		st.wantEnd(c, OK)
		_, gone := st.Recent()
		if len(gone) != 1 || gone[0].Worker != 1 || gone[0].Calls != 1 || gone[0].End.Sub(gone[0].Start) != time.Second+5*time.Millisecond || gone[0].Death.Expected {
			t.Errorf("it is remembered as %+v", gone)
		} else if g := gone[0]; g.How != "pid 101 exited with code 3: panic: boom" || g.Death.Stack != "" || g.Death.Stderr != nil || g.Death.Code != 3 {
			t.Errorf("its death is remembered as %q, %+v", g.How, g.Death)
		}
		if s := st.Stats(); s.Deaths != 1 || s.LastDeath != "pid 101 exited with code 3: panic: boom" {
			t.Errorf("%+v", s)
		}
	})
}

// Whether an end was intended is told with it.
func TestExpectedEnds(t *testing.T) {
	for name, c := range map[string]struct {
		looping bool
		end     func(st *stage, a *actor)
		want    []string
	}{
		"by itself": {false, func(st *stage, a *actor) { a.die(proc.Exit{PID: 101}) }, []string{"died 1 (expected false)", "1: closed"}},
		"by hand": {false, func(st *stage, a *actor) {
			if err := st.Kill(101); err != nil {
				t.Error(err)
			}
		}, []string{"1: kill kill", "died 1 (expected true)", "1: closed"}},
		"by its silence": {false, func(st *stage, a *actor) { time.Sleep(3 * time.Second) },
			[]string{"1: Ping", "1: quit", "died 1 (expected false)", "1: closed"}},
		"told to leave": {false, func(st *stage, a *actor) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = st.End(ctx, 101)
			synctest.Wait()
			a.die(proc.Exit{PID: 101})
		}, []string{"1: Stop", "died 1 (expected true)", "1: closed"}},
		"end of its loop": {true, func(st *stage, a *actor) {
			a.says(sayings["runs"], nil)
			a.says(sayings["over"], nil)
			a.die(proc.Exit{PID: 101})
		}, []string{"loop of 1, pid 101: 0", "loop of 1, pid 101: 2", "died 1 (expected true)", "1: closed"}},
		"crash after its loop": {true, func(st *stage, a *actor) {
			a.says(sayings["runs"], nil)
			a.says(sayings["over"], nil)
			a.die(proc.Exit{PID: 101, Code: 2})
		}, []string{"loop of 1, pid 101: 0", "loop of 1, pid 101: 2", "died 1 (expected false)", "1: closed"}},
		"of its loop": {true, func(st *stage, a *actor) {
			a.says(sayings["runs"], nil)
			a.die(proc.Exit{PID: 101})
		}, []string{"loop of 1, pid 101: 0", "died 1 (expected false)", "1: closed"}},
	} {
		t.Run(name, func(t *testing.T) {
			onStage(t, Config{Min: 1, Looping: c.looping, Heartbeat: time.Second, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
				c.end(st, st.actor(1))
				st.want(c.want...)
			})
		})
	}
}

// A worker that cannot be started is a death that says why, but for a system
// that has no room: that is asked again.
func TestLaunchFailures(t *testing.T) {
	for _, c := range []struct {
		err     error
		lacking bool
	}{
		{errors.New("no such file"), false},
		{fmt.Errorf("fork: %w", syscall.EAGAIN), true}, {fmt.Errorf("fork: %w", syscall.ENOMEM), true},
		{fmt.Errorf("pipe: %w", syscall.EMFILE), true}, {fmt.Errorf("pipe: %w", syscall.ENFILE), true},
		{syscall.ENOENT, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			st := newStage(t, Config{Min: 1, BackoffMin: time.Hour, BackoffMax: time.Hour, MaxBootFails: 5})
			st.fails = func(id uint64) error { return c.err }
			st.start(context.Background())
			text := "it could not be started: " + c.err.Error()
			st.wantStarted(errors.New("its first worker did not start: " + text))
			s := st.Stats()
			if (s.Deaths == 0) != c.lacking || s.LastDeath != text {
				t.Errorf("%v: %d deaths, the last %q", c.err, s.Deaths, s.LastDeath)
			}
			if _, gone := st.Recent(); len(gone) != 1 || gone[0].Death.Code != -1 || gone[0].Death.Lacking != c.lacking {
				t.Errorf("%v: it is remembered as %+v", c.err, gone)
			}
		})
	}
}

// What a worker says before its end explains it: how it failed to start, or
// broke the protocol. One that said nothing has not come to Start.
func TestWhatAWorkerDiedOf(t *testing.T) {
	fault := func(f wire.Fault) []byte { return wire.AppendFault(nil, f) }
	for name, c := range map[string]struct {
		ready bool
		say   func(a *actor)
		want  string
	}{
		"no word":             {false, func(a *actor) {}, "pid 101 exited with code 1" + mainHint},
		"a word":              {false, func(a *actor) { a.says(sayings["log"], nil) }, "pid 101 exited with code 1"},
		"failed":              {false, func(a *actor) { a.says(sayings["failed"], fault(wire.Fault{Message: "no database"})) }, "pid 101 exited with code 1: no database"},
		"failed with a stack": {false, func(a *actor) { a.says(sayings["failed"], fault(wire.Fault{Message: " ", Stack: "here"})) }, "pid 101 exited with code 1: here"},
		"failed, unreadable":  {false, func(a *actor) { a.says(sayings["failed"], []byte("x")) }, "pid 101 was killed (protocol violation): it broke the protocol: malformed frame: fault cut short"},
		"a ready frame that cannot be read": {false, func(a *actor) { a.says(sayings["ready"], []byte("x")) },
			"pid 101 was killed (protocol violation): it broke the protocol: malformed frame: hello"},
		"another program": {false, func(a *actor) {
			a.says(sayings["ready"], wire.AppendHello(nil, wire.Hello{Version: wire.Version, Funcs: []wire.FuncInfo{{Name: "f"}}}))
		}, "pid 101 was killed (protocol violation): it broke the protocol: the worker declares 1 functions, the daemon 3: declarations must be the same in every process"},
		"an answer to nothing":    {true, func(a *actor) { a.says(wire.Header{Kind: wire.Response, Call: 0x101}, nil) }, "an answer to call 00000101, which it does not have"},
		"an element of nothing":   {true, func(a *actor) { a.says(wire.Header{Kind: wire.Item, Call: 0x101}, nil) }, "an element of call 00000101, which streams nothing"},
		"an element of no stream": {true, func(a *actor) { a.says(wire.Header{Kind: wire.Item, Call: a.request(0).Call}, nil) }, "which streams nothing"},
		"an end of no stream":     {true, func(a *actor) { a.answers(0, wire.End, nil) }, "the end of a stream for call"},
		"an unknown status":       {true, func(a *actor) { a.answers(0, 77, nil) }, "status 77 is unknown"},
		"an unreadable fault":     {true, func(a *actor) { a.answers(0, wire.Error, []byte("x")) }, "malformed frame: fault cut short"},
		"a large unreadable fault": {true, func(a *actor) { a.answers(0, wire.Error, make([]byte, copyUnlocked)) },
			"malformed frame: " + "4084 bytes after a fault"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := newStage(t, Config{Min: 1, BackoffMin: time.Hour, BackoffMax: time.Hour, MaxRestarts: 9, RestartWindow: time.Hour})
				st.start(context.Background())
				a := st.actor(1)
				var call *Call
				if c.ready {
					a.ready()
					call = st.give(1)
					a.request(0) // it has begun it
				}
				c.say(a)
				a.die(proc.Exit{PID: 101, Code: 1})
				synctest.Wait()
				s := st.Stats()
				if !strings.Contains(s.LastDeath, c.want) || strings.HasSuffix(s.LastDeath, mainHint) != strings.HasSuffix(c.want, mainHint) {
					t.Errorf("it died so: %s", s.LastDeath)
				}
				if breach := c.ready || strings.Contains(c.want, "protocol"); (s.Corrupt == 1) != breach {
					t.Errorf("%d breaches were counted", s.Corrupt)
				}
				if call != nil {
					st.wantEnd(call, Crashed)
				}
			})
		})
	}
}

// A worker must know every function as the daemon does.
func TestMatch(t *testing.T) {
	daemon := []wire.FuncInfo{{Name: "f", Hash: 1}, {Name: "g", Hash: 2, Stream: true}}
	p := New(Config{}, daemon, nil, Hooks{})
	for want, funcs := range map[string][]wire.FuncInfo{
		"":                             daemon,
		"declares 3 functions":         append(daemon[:2:2], wire.FuncInfo{}),
		"declares 1 functions":         daemon[:1],
		`function 1 is "h"`:            {daemon[0], {Name: "h", Hash: 2, Stream: true}},
		`function 0 is "f" with types`: {{Name: "f", Hash: 9}, daemon[1]},
		`function 1 is "g"`:            {daemon[0], {Name: "g", Hash: 2}},
	} {
		err := p.match(wire.Hello{Funcs: funcs})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v, not %q", err, want)
		}
	}
	for _, sealed := range []bool{false, true} {
		p := New(Config{Sealed: sealed}, nil, nil, Hooks{})
		if err := p.match(wire.Hello{Seal: wire.Seal{Sealed: sealed}}); err != nil {
			t.Errorf("sealed as wanted: %v", err)
		}
		if err := p.match(wire.Hello{Seal: wire.Seal{Sealed: !sealed}}); err == nil || !strings.Contains(err.Error(), "seal") {
			t.Errorf("sealed %v, and should be %v: %v", !sealed, sealed, err)
		}
	}
}

// Each status ends its call as what it is; a result has memory of its own where
// that is asked for, and where it is large.
func TestAnswers(t *testing.T) {
	large := strings.Repeat("x", copyUnlocked)
	fault := string(wire.AppendFault(nil, wire.Fault{Code: "c", Message: "m"}))
	for _, c := range []struct {
		status     wire.Status
		stream     bool
		raw, owned bool
		into       int // room in the caller's memory; 0 = it gives none
		payload    string
		kind       Kind
	}{
		{status: wire.OK, payload: "x", kind: OK}, {status: wire.OK, payload: "x", raw: true, kind: OK},
		{status: wire.OK, payload: large, kind: OK}, {status: wire.OK, payload: large, raw: true, kind: OK},
		{status: wire.OK, payload: large, owned: true, kind: OK}, {status: wire.OK, payload: large, owned: true, raw: true, kind: OK},
		{status: wire.OK, payload: "x", raw: true, into: 1, kind: OK}, {status: wire.OK, payload: "xy", raw: true, into: 1, kind: OK},
		{status: wire.OK, payload: large, raw: true, into: copyUnlocked, kind: OK}, {status: wire.OK, payload: large, raw: true, into: copyUnlocked - 1, kind: OK},
		{status: wire.OK, payload: large, raw: true, owned: true, into: copyUnlocked, kind: OK}, {status: wire.OK, payload: large, raw: true, owned: true, into: copyUnlocked - 1, kind: OK},
		{status: wire.OK, payload: "x", into: 1, kind: OK},
		{status: wire.Error, payload: fault, raw: true, into: copyUnlocked, kind: Failed},
		{status: wire.OK, kind: OK},
		{status: wire.End, stream: true, kind: OK},
		{status: wire.Error, payload: fault, kind: Failed}, {status: wire.Panic, payload: fault, kind: Panicked}, {status: wire.Refused, payload: fault, kind: Refused},
		{status: wire.Error, payload: string(wire.AppendFault(nil, wire.Fault{Code: "c", Message: large})), kind: Failed},
	} {
		onStage(t, Config{Min: 1}, func(st *stage) {
			call := NewCall()
			call.Raw = c.raw
			if c.stream {
				call.Stream = func([]byte) error { return nil }
			}
			call.buf = make([]byte, 0, 2*copyUnlocked)
			own := call.buf[:1]
			into := make([]byte, c.into)
			if c.into > 0 {
				call.Into = into[:0]
			}
			st.Submit(call)
			synctest.Wait()
			a, memory := st.actor(1), []byte(c.payload)
			h := wire.Header{Kind: wire.Response, Code: uint16(c.status), Call: a.request(0).Call}
			a.toPool <- link.Frame{Header: h, Payload: memory, Owned: c.owned}
			st.wantEnd(call, c.kind)
			if call.Worker != 101 || st.worker(1).calls != 1 {
				t.Errorf("it was run by %d", call.Worker)
			}
			if c.kind != OK {
				if call.Fault.Code != "c" || call.Fault.Message == "" {
					t.Errorf("%v: %+v", c.status, call.Fault)
				}
				return
			}
			if string(call.Data) != c.payload {
				t.Errorf("%v: %d bytes of %d", c.status, len(call.Data), len(c.payload))
			}
			if len(memory) > 0 {
				theirs, mine := &call.Data[0] == &memory[0], &call.Data[0] == &own[0]
				fits := c.raw && c.into >= len(memory)
				if given := c.into > 0 && &call.Data[0] == &into[0]; given != fits {
					t.Errorf("with room for %d bytes, %d are in the caller's memory: %v", c.into, len(memory), given)
				}
				if theirs != (c.owned && !fits) || mine != (!c.owned && !c.raw) {
					t.Errorf("%+v: it has the link's memory: %v, the call's: %v", c.raw, theirs, mine)
				}
			}
		})
	}
}

// The elements of a stream come one by one, each in memory of its own. One too
// many is a breach.
func TestElements(t *testing.T) {
	onStage(t, Config{Min: 1, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
		call, all, last := NewCall(), "", []byte(nil)
		call.Stream = func(b []byte) error {
			last = b
			if all += string(b); len(all) > 3 {
				return errors.New("too many")
			}
			return nil
		}
		st.Submit(call)
		synctest.Wait()
		a := st.actor(1)
		h := wire.Header{Kind: wire.Item, Call: a.request(0).Call}
		a.says(h, []byte("a"))
		memory := []byte("bc")
		a.says(h, memory)
		if &last[0] == &memory[0] {
			t.Error("an element has the link's memory")
		}
		if all != "abc" || call.Done() {
			t.Errorf("%q", all)
		}
		a.says(h, []byte("d"))
		st.wantEnd(call, Crashed)
		if s := st.Stats(); s.Corrupt != 1 || !strings.Contains(s.LastDeath, "it broke the protocol: too many") {
			t.Errorf("%+v", s)
		}
	})
}

// A log record is told with the number of the call that it belongs to, in
// memory of its own; one without content is a sign of life and no more.
func TestLogOfACall(t *testing.T) {
	onStage(t, Config{Min: 1, Concurrency: 2}, func(st *stage) {
		st.give(1)
		st.give(1)
		st.forget()
		a := st.actor(1)
		a.says(wire.Header{Kind: wire.Log, Call: a.request(1).Call}, []byte("hello"))
		a.says(wire.Header{Kind: wire.Log, Call: 0x77}, []byte("of no call"))
		a.says(wire.Header{Kind: wire.Log}, []byte("of none"))
		a.says(wire.Header{Kind: wire.Log}, nil)
		st.want("log of pid 101, call 2: hello", "log of pid 101, call 0: of no call", "log of pid 101, call 0: of none")
	})
}

// What a worker's loop does is told, and shown as the state of the worker.
func TestLoopOfAWorker(t *testing.T) {
	onStage(t, Config{Min: 1, Looping: true}, func(st *stage) {
		a := st.actor(1)
		shows := func(state string) {
			t.Helper()
			if s := st.Stats().Workers[0].State; s != state {
				t.Errorf("it is %s, not %s", s, state)
			}
		}
		a.says(sayings["runs"], nil)
		a.says(sayings["error"], wire.AppendFault(nil, wire.Fault{Message: "no database"}))
		st.want("loop of 1, pid 101: 0", "loop of 1, pid 101: 3 no database")
		shows("looping")
		if err := st.PauseWorker(101, true); err != nil {
			t.Error(err)
		}
		st.want("1: Pause")
		a.says(sayings["held"], nil)
		shows("paused")
		if err := st.PauseWorker(101, false); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		a.says(sayings["runs"], nil)
		st.want("loop of 1, pid 101: 1", "1: Resume", "loop of 1, pid 101: 0")
		shows("looping")
		st.Pause()
		st.want("1: Pause")
		a.says(sayings["held"], nil)
		shows("paused")
		st.Resume()
		synctest.Wait()
		a.says(sayings["runs"], nil)
		a.says(sayings["over"], nil)
		shows("ended")
		st.want("loop of 1, pid 101: 1", "1: Resume", "loop of 1, pid 101: 0", "loop of 1, pid 101: 2")
	})
	for frame, payload := range map[said]string{"error": "x", "odd": ""} {
		onStage(t, Config{Min: 1, Looping: true, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
			st.actor(1).says(sayings["runs"], nil)
			st.actor(1).says(sayings[frame], []byte(payload))
			st.want("loop of 1, pid 101: 0", "1: kill protocol violation", "died 1 (expected false)", "1: closed")
		})
	}
}

// A worker that is silent for too long is asked whether it lives, and killed if
// it does not say so. Whatever it says is a sign of life.
func TestHeartbeat(t *testing.T) {
	const beat = time.Minute
	fault := wire.AppendFault(nil, wire.Fault{Message: "x"})
	for name, say := range map[string]func(a *actor){
		"nothing": nil,
		"pong":    func(a *actor) { a.says(sayings["pong"], nil) },
		"element": func(a *actor) { a.says(wire.Header{Kind: wire.Item, Call: a.request(0).Call}, []byte("x")) },
		"loop":    func(a *actor) { a.says(sayings["error"], fault) },
	} {
		onStage(t, Config{Min: 1, Heartbeat: beat, Looping: true, MaxRestarts: 9, RestartWindow: 24 * time.Hour}, func(st *stage) {
			a := st.actor(1)
			a.says(sayings["runs"], nil)
			c := NewCall()
			c.Stream = func([]byte) error { return nil }
			st.Submit(c)
			a.request(0)
			synctest.Wait()
			st.forget()
			if say == nil {
				time.Sleep((heartbeatChecks + 3) * beat)
				st.want("1: Ping", "1: quit", "died 1 (expected false)", "1: closed")
				return
			}
			for range 10 {
				time.Sleep(beat + time.Second)
				st.want("1: Ping")
				say(a)
				time.Sleep(beat / 2)
				if name == "loop" {
					st.forget()
				}
				st.want()
			}
		})
	}
}
