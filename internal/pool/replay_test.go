package pool

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion/internal/wire"
)

// The limit of a replay begins when its process is ready. The process is shown
// beside the workers, and its pid leads to it.
func TestReplay(t *testing.T) {
	const limit = 10 * time.Millisecond
	for _, end := range []struct {
		what string
		do   func(st *stage, a *actor)
		want Kind
		took time.Duration
	}{
		{"answered", func(_ *stage, a *actor) {
			time.Sleep(limit / 2)
			a.answers(0, wire.OK, nil)
		}, OK, limit / 2},
		{"too slow", func(_ *stage, a *actor) { a.request(0); time.Sleep(time.Minute) }, Timeout, limit},
		{"killed", func(st *stage, a *actor) {
			a.request(0)
			if err := st.Kill(a.PID()); err != nil {
				t.Error(err)
			}
		}, Crashed, 0},
	} {
		t.Run(end.what, func(t *testing.T) {
			onStage(t, Config{Min: 1, Timeout: time.Hour, MaxCalls: 1, BootTimeout: time.Minute, KillGrace: 1}, func(st *stage) {
				type outcome struct {
					c   *Call
					err error
				}
				replayed := make(chan outcome, 1)
				go func() {
					c, err := st.Replay(context.Background(), testFuncs[0], nil, limit)
					replayed <- outcome{c, err}
				}()
				synctest.Wait()
				a := st.actor(2)
				time.Sleep(100 * limit)
				for _, s := range []Stats{st.Stats(), st.Glance()} {
					if len(s.Workers) != 1 || len(s.Replays) != 1 || s.Replays[0].State != "replay" || s.Replays[0].ID != 2 || s.Calls != 0 {
						t.Fatalf("%+v", s)
					}
				}
				a.ready()
				if r := st.Stats().Replays; len(r) != 1 || r[0].Call != testFuncs[0] || r[0].PID != a.PID() {
					t.Errorf("%+v", r)
				}
				end.do(st, a)
				o := <-replayed
				if o.err != nil || o.c.Kind != end.want || o.c.Elapsed < end.took || o.c.Elapsed > end.took+time.Second {
					t.Errorf("%v, ended as %v after %v", o.err, o.c.Kind, o.c.Elapsed)
				}
				if s := st.Stats(); s.Replays != nil || len(s.Workers) != 1 || s.Calls != 0 || s.Deaths != 0 {
					t.Errorf("%+v", s)
				}
				if len(st.all()) != 2 {
					t.Errorf("%d processes were started for it", len(st.all())-1)
				}
				if err := st.Kill(a.PID()); err == nil {
					t.Error("a replay that has ended was killed")
				}
			})
		})
	}
}

// A process that does not become ready is not the call's fault.
func TestReplayWithoutAStart(t *testing.T) {
	onStage(t, Config{Min: 1, BootTimeout: time.Second, KillGrace: 1}, func(st *stage) {
		c, err := st.Replay(context.Background(), testFuncs[0], nil, time.Millisecond)
		if c != nil || err == nil {
			t.Errorf("%+v, %v", c, err)
		}
		if did := st.forget(); !slices.Contains(did, "died 2 (expected false)") || len(st.all()) != 2 {
			t.Errorf("it did %q", did)
		}
	})
}
