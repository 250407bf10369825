package pool

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/proc"
	"github.com/legion-go/legion/internal/wire"
	"github.com/legion-go/legion/status"
)

// What a call says of its progress is told while it runs, and kept for its
// caller; a retry begins anew. It is a sign of life.
func TestProgressOfACall(t *testing.T) {
	onStage(t, Config{Min: 1, Retry: 1, MaxRestarts: 9, RestartWindow: time.Hour}, func(st *stage) {
		c := st.give(1)
		a := st.actor(1)
		if p := st.Progress(c); p != nil {
			t.Errorf("without a word: %+v", p)
		}
		time.Sleep(time.Second)
		say := func(a *actor, n int, done float64) {
			a.says(wire.Header{Kind: wire.Progress, Call: a.request(n).Call}, wire.AppendProgress(nil, wire.Done{Done: done, Of: 10, Note: "page 3"}))
		}
		say(a, 0, 3)
		want := status.Progress{Done: 3, Of: 10, Note: "page 3", At: time.Now()}
		st.mu.Lock()
		heard, now := st.core.workers[0].heard, st.now()
		st.mu.Unlock()
		if p := st.Progress(c); p == nil || *p != want || heard != now {
			t.Errorf("%+v, heard at %v, now it is %v", p, heard, now)
		}
		if i := st.Info(c); i.Progress == nil || *i.Progress != want {
			t.Errorf("%+v", i)
		}
		if w := st.Stats().Workers[0]; len(w.Running) != 1 || w.Running[0].Progress == nil || *w.Running[0].Progress != want || w.Running[0].For != time.Second {
			t.Errorf("%+v", w)
		}
		a.die(proc.Exit{PID: 101})
		synctest.Wait()
		st.boot()
		if p := st.Progress(c); p != nil {
			t.Errorf("of the retry: %+v", p)
		}
		say(st.actor(2), 0, 4)
		st.actor(2).answers(0, wire.OK, nil)
		if p := st.Progress(c); p == nil || p.Done != 4 || st.Info(c).Progress != nil {
			t.Errorf("after the end: %+v, %+v", p, st.Info(c))
		}
		if calls, _ := st.Recent(); calls[0].Progress != nil {
			t.Errorf("%+v", calls[0])
		}
	})
}

// What a worker says of a call that it has not begun goes with the worker: the
// next one that gets the call has said nothing.
func TestProgressOfACallInAdvance(t *testing.T) {
	l := newLab(t, Config{Min: 1, Max: 1, Ahead: 1, MaxRestarts: 9, RestartWindow: time.Hour})
	l.begin(l.give(1))
	l.workers[0].service = time.Microsecond
	c := l.give(1)
	if c.state != callAssigned {
		t.Fatal("no call is given in advance")
	}
	c.progress = &status.Progress{Note: "a lie"}
	l.die(l.workers[0])
	if c.progress != nil {
		t.Errorf("%+v", c.progress)
	}
}

// A progress that cannot be decoded is a breach.
func TestOddProgress(t *testing.T) {
	onStage(t, Config{Min: 1}, func(st *stage) {
		st.give(1)
		a := st.actor(1)
		a.says(wire.Header{Kind: wire.Progress, Call: a.request(0).Call}, []byte("odd"))
		if s := st.Stats(); s.Corrupt != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// A loop's own progress is told as that of call 0.
func TestProgressOfALoop(t *testing.T) {
	onStage(t, Config{Min: 1, Looping: true}, func(st *stage) {
		a := st.actor(1)
		a.says(wire.Header{Kind: wire.Loop, Code: uint16(wire.LoopRuns)}, nil)
		a.says(wire.Header{Kind: wire.Progress}, wire.AppendProgress(nil, wire.Done{Done: 5}))
		r := st.Stats().Workers[0].Running
		if len(r) != 1 || r[0].Call != 0 || r[0].Func != "loop" || r[0].Progress.Done != 5 {
			t.Errorf("%+v", r)
		}
	})
}
