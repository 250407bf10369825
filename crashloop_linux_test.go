package legion_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// Workers that cannot start any more fail their pool, which says why; the other
// pool serves, and Resume is the way back.
func TestCrashLoopAtStart(t *testing.T) {
	legiontest.CheckLeaks(t)
	t.Setenv(bootKey, "")
	s := newSolo("solo", legion.Pool{Max: 1, MaxRestarts: 2}).start(t)
	if err := os.Setenv(bootKey, "exit"); err != nil {
		t.Fatal(err)
	}
	killChild(s.workers("ready")[0].PID)
	await(t, func() bool { return len(s.workers("ready")) == 0 })
	waiting := s.do.Go(t.Context(), deed{})
	await(t, func() bool { return s.do.Pool().Stats().State == "failed" })
	if _, err := waiting.Result(); !errors.Is(err, legion.ErrPoolFailed) {
		t.Errorf("a call that waited: %v", err)
	}
	_, err := s.do.Call(t.Context(), deed{})
	if !errors.Is(err, legion.ErrPoolFailed) || !strings.Contains(err.Error(), "3 workers died within 1m0s") || !strings.Contains(err.Error(), "code 9: about to leave") {
		t.Errorf("a call to the failed pool: %v", err)
	}
	if st := s.do.Pool().Stats(); !strings.Contains(st.Reason, "about to leave") || st.Restarts != 3 {
		t.Errorf("the statistics: %+v", st)
	}
	if out, err := s.spare.Call(t.Context(), "here"); err != nil || out != "here" {
		t.Errorf("the other pool: %q, %v", out, err)
	}
	started := s.do.Pool().Stats().Started
	time.Sleep(200 * time.Millisecond) // a failed pool tries nothing
	if n := s.do.Pool().Stats().Started; n != started {
		t.Errorf("the failed pool went on: %d starts, then %d", started, n)
	}
	for what, wish := range map[string]func() error{"pausing": s.do.Pool().Pause, "recycling": s.do.Pool().Recycle} {
		if err := wish(); !errors.Is(err, legion.ErrPoolFailed) || !strings.Contains(err.Error(), what+" pool pool: ") || !strings.Contains(err.Error(), "about to leave") {
			t.Errorf("%s the failed pool, which has nothing to pause or to replace: %v", what, err)
		}
	}

	if err := os.Setenv(bootKey, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.do.Pool().Resume(); err != nil {
		t.Fatal(err)
	}
	s.must(t, deed{What: "pid"})
	if st := s.do.Pool().Stats(); st.State != "running" || st.Reason != "" {
		t.Errorf("after Resume: %+v", st)
	}
}

// So do workers that die of every call.
func TestCrashLoopInCalls(t *testing.T) {
	legiontest.CheckLeaks(t)
	s := newSolo("solo", legion.Pool{Max: 1, MaxRestarts: 3}).start(t)
	var err error
	for n := 0; !errors.Is(err, legion.ErrPoolFailed); n++ {
		if _, err = s.do.Call(t.Context(), deed{What: "exit"}); n > 4 || err == nil {
			t.Fatalf("call %d: %v", n, err)
		}
	}
	if !strings.Contains(err.Error(), "exited with code 7") {
		t.Errorf("the reason is missing: %v", err)
	}
}

// While a worker serves, new ones that do not start are no reason to give up
// the pool: it keeps what it has. A reload says so and ends, and the next one
// finds nothing in its way.
func TestCrashLoopBesideReadyWorker(t *testing.T) {
	legiontest.CheckLeaks(t)
	t.Setenv(bootKey, "")
	s := newSolo("solo", legion.Pool{Min: 1, Max: 2, MaxRestarts: -1}).start(t)
	pid := s.must(t, deed{What: "pid"})
	if err := os.Setenv(bootKey, "exit"); err != nil {
		t.Fatal(err)
	}
	err := s.d.Reload(t.Context())
	if err == nil || !strings.Contains(err.Error(), "pool pool: replacing its workers: the old workers stay: 3 replacements in a row died") ||
		!strings.Contains(err.Error(), "about to leave") {
		t.Errorf("the reload: %v", err)
	}
	if now := s.must(t, deed{What: "pid"}); now != pid {
		t.Errorf("the old worker %s is gone; %s serves", pid, now)
	}
	if err := os.Setenv(bootKey, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.d.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if now := s.must(t, deed{What: "pid"}); now == pid {
		t.Error("with replacements that start the worker stays")
	}
}
