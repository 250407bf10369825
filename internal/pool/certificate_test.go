package pool

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion/internal/buffer"
	"github.com/legion-go/legion/internal/proc"
)

// certificates are those of the last step.
func (l *lab) certificates() (all []Certificate) {
	p := &Pool{began: time.Now(), core: l.core}
	p.hooks.Certified = func(c *Certificate) (uint64, string) { all = append(all, *c); return 7, "" }
	p.certify(l.last.endings)
	return all
}

// whats are the entries of a timeline.
func (c *Certificate) whats() (all []string) {
	for _, m := range c.Timeline {
		all = append(all, m.What)
	}
	return all
}

// dieOf ends a worker's process in some way.
func (l *lab) dieOf(w *worker, exit proc.Exit) *Death {
	d := &Death{Exit: exit}
	d.PID = w.pid
	l.step(func(fx *effects) { l.exited(fx, w, d, l.now) })
	return d
}

// The call for which a worker was killed comes first, the others are those that
// it had started, and the timeline has each rung of the ladder.
func TestCertificateOfADeadline(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Concurrency: 3, Timeout: time.Second, KillGrace: 50 * time.Millisecond})
	w := l.workers[0]
	first := l.give(10)
	l.begin(first)
	l.now += 100 * time.Millisecond
	second := l.give(20)
	second.Limit = 0
	l.begin(second)
	l.answer(first, OK)
	third := l.give(30)
	l.begin(third)
	l.give(40)          // the worker has not started it
	l.pass(time.Second) // the deadline, and what follows
	l.pass(60 * time.Millisecond)
	if w.state != workerDying {
		t.Fatalf("it is %v", w.state)
	}
	d := l.dieOf(w, proc.Exit{Code: 2, Stack: "SIGABRT: abort\n\ngoroutine 1 [running]:\nmain.main()\n\t/a/main.go:1\n\n" +
		"goroutine 7 [running]:\nmain.decode()\n\t/a/bomb.go:14\ngithub.com/legion-go/legion/internal/worker.(*server).run(0x1)\n\t/l/serve.go:1"})
	all := l.certificates()
	if len(all) != 1 || d.Number != 7 {
		t.Fatalf("%d certificates, number %d", len(all), d.Number)
	}
	c := all[0]
	if c.Cause != "deadline" || !c.Expected || c.Frame != "main.decode (bomb.go:14)" || c.Calls != 1 || c.Call == nil || c.Call.Arg != 20 || c.Call.Timeout != time.Second || len(c.Others) != 1 || c.Others[0].Arg != 30 {
		t.Errorf("%+v, call %+v", c, c.Call)
	}
	if want := "lab was killed: its call of f ran 1.1 s, its limit is 1.0 s; it was in main.decode (bomb.go:14)"; c.Why != want {
		t.Errorf("%q, not %q", c.Why, want)
	}
	if want := []string{"spawned", "ready", "submitted", "started", "deadline", "grace", "SIGABRT", "reaped"}; !slices.Equal(c.whats(), want) {
		t.Errorf("%q, not %q", c.whats(), want)
	}
	if c.Argument != nil || c.NoArgument != "" || c.Death.Argument {
		t.Error("an argument is kept")
	}
}

// A worker that dies within the time that its call has to obey was not out of
// that time.
func TestDeathWithinTheGrace(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Timeout: time.Second, KillGrace: 50 * time.Millisecond})
	w := l.workers[0]
	l.begin(l.give(10))
	l.pass(time.Second + time.Millisecond)
	l.dieOf(w, proc.Exit{Code: 3})
	if c := l.certificates()[0]; !slices.Equal(c.whats(), []string{"spawned", "ready", "submitted", "started", "deadline", "reaped"}) {
		t.Errorf("%q", c.whats())
	}
}

// How each end is told.
func TestWhy(t *testing.T) {
	for what, c := range map[string]struct {
		exit  proc.Exit
		by    Cause
		booty bool // before it was ready
		cause string
		why   string
	}{
		"exit":         {proc.Exit{Code: 3, Stderr: []string{"bye", ""}}, "", false, "exit", "lab exited with code 3: bye"},
		"panic":        {proc.Exit{Code: 2, Stack: "panic: oh\n\ngoroutine 9 [running]:\nmain.f()\n\t/a/f.go:3"}, "", false, "exit", "lab exited with code 2: panic: oh; it was in main.f (f.go:3)"},
		"signal":       {proc.Exit{Code: -1, Signal: 11}, "", false, "signal", "lab was ended by SIGSEGV"},
		"memory":       {proc.Exit{Code: 2, OutOfMemory: true}, "", false, "out_of_memory", "lab ran out of memory: its limit is 64 MiB"},
		"memory limit": {proc.Exit{Code: -1, Signal: 9}, CauseMemory, false, "memory_limit", "lab was killed: it needed more memory than its limit, 64 MiB"},
		"kill":         {proc.Exit{Code: -1, Signal: 9}, CauseKill, false, "kill", "lab was killed by hand while its call of f ran"},
		"silence":      {proc.Exit{Code: 2}, CauseHeartbeat, false, "heartbeat", "lab was killed: it gave no sign of life"},
		"lag":          {proc.Exit{Code: 2}, CauseLag, false, "heartbeat", "lab was killed: it did not read what it was sent"},
		"protocol":     {proc.Exit{Code: -1, Signal: 9, Stack: "it broke the protocol: so"}, CauseProtocol, false, "protocol", "lab was killed: it broke the protocol: so"},
		"stop":         {proc.Exit{Code: -1, Signal: 9}, CauseStop, false, "stop", "lab was killed: it was told to end, and did not in time"},
		"boot":         {proc.Exit{Code: 1, Stderr: []string{"no luck"}}, "", true, "boot", "lab did not get ready: it exited with code 1: no luck"},
		"boot timeout": {proc.Exit{Code: 2}, CauseBootTimeout, true, "boot", "lab did not get ready: it took longer than 10.0 s"},
		"not needed":   {proc.Exit{Code: -1, Signal: 9}, CauseStop, true, "", ""},
	} {
		l := newLab(t, Config{Min: 1, Max: 1, MemoryLimit: 64 << 20, BootTimeout: 10 * time.Second, KeepArgument: 100})
		w := l.workers[0]
		if c.booty {
			w.ready = false
		} else {
			l.begin(l.give(10))
		}
		w.killedBy = c.by
		c.exit.KilledBy = string(c.by)
		d := l.dieOf(w, c.exit)
		all := l.certificates()
		if d.Cause != c.cause || len(all) != 1 && c.cause != "" || len(all) > 0 && all[0].Why != c.why {
			t.Errorf("%s: %q, %+v", what, d.Cause, all)
		}
		if c.cause != "" && !c.booty && len(all[0].Argument) != 10 {
			t.Errorf("%s: the argument has %d bytes", what, len(all[0].Argument))
		}
	}
}

// A worker that leaves as it was told has no certificate.
func TestPlannedEnd(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	w := l.workers[0]
	l.step(func(fx *effects) { l.endWorker(fx, w, l.now) })
	if d := l.dieOf(w, proc.Exit{}); d.Cause != "" || len(l.certificates()) > 0 {
		t.Errorf("%+v", d)
	}
}

// An argument is copied before its caller has it back, if it is within the
// limit and holds no Buffer.
func TestKeepArgument(t *testing.T) {
	for _, c := range []struct {
		keep, size int
		in         []buffer.Piece
		why        string
	}{
		{0, 10, nil, ""}, {10, 10, nil, ""}, {9, 10, nil, "it has 10 bytes, and Pool.KeepArgument is 9"}, {10, 0, nil, ""},
		{10, 1, []buffer.Piece{{Bytes: []byte("b")}}, "it holds a Buffer"},
	} {
		l := newLab(t, Config{Min: 1, Max: 1, KeepArgument: c.keep})
		call := NewCall()
		call.Payload, call.In = []byte(strings.Repeat("x", c.size)), c.in
		back := false
		call.OnEnd = func(*Call) { back = true }
		l.step(func(fx *effects) { l.submit(fx, call, l.now) })
		l.sendAll()
		l.begin(call)
		var fx effects
		l.core.exited(&fx, call.worker, &Death{}, l.now)
		l.last = fx
		if c.keep > 0 {
			for i := range fx.answers.n {
				fx.answers.at(i).letGo()
			}
			if back {
				t.Error("the caller has its argument back before it is copied")
			}
		}
		got := l.certificates()[0]
		if want := c.keep > 0 && c.why == ""; got.Death.Argument != want || (got.Argument != nil) != want || got.NoArgument != c.why || want && len(got.Argument) != c.size {
			t.Errorf("%+v: %v, %q, %q", c, got.Death.Argument, got.Argument, got.NoArgument)
		}
		if back != (c.keep > 0) {
			t.Errorf("%+v: the caller has it back: %v", c, back)
		}
	}
}

// A process that even SIGKILL does not end has one certificate, not two.
func TestStuckHasOneCertificate(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1})
	w := l.workers[0]
	l.begin(l.give(10))
	l.step(func(fx *effects) { l.kill(fx, w, CauseKill, false, l.now) })
	l.now += killBound
	l.step(func(fx *effects) { l.climb(fx, w, l.now) })
	all := l.certificates()
	if len(all) != 1 || all[0].Cause != "kill" || slices.Contains(all[0].whats(), "reaped") || !slices.Contains(all[0].whats(), "SIGKILL") {
		t.Errorf("%+v", all)
	}
	if l.dieOf(w, proc.Exit{Signal: 9}); len(l.certificates()) > 0 {
		t.Error("it has another one")
	}
}
