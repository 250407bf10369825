package legion_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// A future tells the number, the times and the tries of its call, and the hooks
// get the same.
func TestCallInfo(t *testing.T) {
	legiontest.CheckLeaks(t)
	ends := make(chan legion.CallEnd, 100)
	s := newSolo("solo", legion.Pool{Max: 1, Retry: 1, OnEnd: func(e legion.CallEnd) { ends <- e }}).start(t)
	told := func(fut *legion.Future[string], outcome string) status.CallInfo {
		t.Helper()
		<-fut.Done()
		i := fut.Info()
		e := (<-ends).CallInfo
		if !e.Queued.Equal(i.Queued) || !e.Started.Equal(i.Started) || !e.Ended.Equal(i.Ended) {
			t.Errorf("the hook gets the times of %+v, the future those of %+v", e, i)
		}
		e.Queued, e.Started, e.Ended = i.Queued, i.Started, i.Ended
		if e != i {
			t.Errorf("the hook gets %+v, the future %+v", e, i)
		}
		if i.State != status.CallDone || i.Worker != 0 || i.Outcome != outcome || i.Pool != "pool" || i.Func != "do" {
			t.Errorf("a call that has ended: %+v, not %s", i, outcome)
		}
		return i
	}
	before := time.Now()
	first := s.running(t, deed{What: "mark", For: time.Hour})
	waiting := s.do.Go(t.Context(), deed{What: "pid"})
	second := s.do.Go(t.Context(), deed{What: "pid"})
	if i := first.Info(); i.State != status.CallRunning || i.PID != first.PID() || i.Worker != 1 || i.Call != 1 || i.Outcome != "" ||
		i.Queued.Before(before) || i.Started.Before(i.Queued) || i.Started.After(time.Now()) || !i.Ended.IsZero() || i.ArgBytes == 0 {
		t.Errorf("a call that runs: %+v", i)
	}
	if i := waiting.Info(); i.State != status.CallQueued || i.PID != 0 || i.Call != 2 || i.Queued.IsZero() || !i.Started.IsZero() {
		t.Errorf("a call that waits: %+v", i)
	}
	waiting.Cancel()
	if i := told(waiting, "canceled"); !i.Started.IsZero() || i.Ended.Before(i.Queued) {
		t.Errorf("a call that no worker has had: %+v", i)
	}
	first.Cancel()
	canceled := told(first, "canceled")
	if i := told(second, "ok"); i.Started.Before(canceled.Ended) || i.Ended.Before(i.Started) || i.ResultBytes == 0 || i.Tries != 0 {
		t.Errorf("a call that has waited: %+v", i)
	}
	if i := told(s.do.Go(t.Context(), deed{What: "note and die once", Path: t.TempDir() + "/notes"}), "ok"); i.Tries != 1 {
		t.Errorf("a call that was tried again: %+v", i)
	}
	if i := told(s.do.Go(t.Context(), deed{What: "SIGKILL"}), "poisoned"); i.Tries != 1 || i.PID == 0 || i.ResultBytes != 0 {
		t.Errorf("a call that kills: %+v", i)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if i := told(s.do.Go(over, deed{}), "canceled"); i.Call != 0 || !i.Queued.IsZero() {
		t.Errorf("a call that was never made: %+v", i)
	}
}

// Of a pool the last calls and processes are known, the newest first.
func TestRecent(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	pool := s.do.Pool()
	if r := pool.Recent(); len(r.Calls) != 0 || len(r.Workers) != 0 {
		t.Errorf("before the first call: %+v", r)
	}
	for range 150 {
		s.must(t, deed{What: "pid"})
	}
	if _, err := s.do.Call(t.Context(), deed{What: "SIGKILL"}); !errors.Is(err, legion.ErrCrashed) {
		t.Fatal(err)
	}
	await(t, func() bool { return len(s.workers("ready")) == 1 })
	worn := s.workers("ready")
	if err := pool.Recycle(); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool { return len(pool.Recent().Workers) == 2 })
	r := pool.Recent()
	if len(r.Calls) != 100 || r.Calls[0].Outcome != "crashed" || r.Calls[1].Outcome != "ok" {
		t.Fatalf("%d calls: %+v, %+v", len(r.Calls), r.Calls[0], r.Calls[1])
	}
	for n, c := range r.Calls {
		if c.Call != uint64(151-n) || c.Func != "do" || c.PID != r.Workers[1].PID || c.Started.Before(c.Queued) || c.Ended.Before(c.Started) {
			t.Errorf("call %d: %+v", n, c)
		}
	}
	died, left := r.Workers[1], r.Workers[0]
	if died.ID != 1 || died.Calls != 150 || died.Expected || !strings.Contains(died.How, "signal 9") || died.Ended.Before(died.Started) || died.CPU == 0 {
		t.Errorf("the worker that died: %+v", died)
	}
	if len(worn) != 1 || left.PID != worn[0].PID || !left.Expected || left.Calls != 0 {
		t.Errorf("the worker that was recycled: %+v", left)
	}
	if text, err := json.Marshal(r.Calls[0]); err != nil || !strings.Contains(string(text), fmt.Sprintf(`"id":151,"state":"done","outcome":"crashed","pid":%d,`, died.PID)) {
		t.Errorf("as JSON: %s, %v", text, err)
	}
}
