package concurrent

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// One change at a time is under way, and the gate tells which.
func TestGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate()
		if what, _ := g.Now(); what != "" {
			t.Errorf("%q is under way", what)
		}
		begun, under := time.Now(), 0
		for range 5 {
			go func() {
				leave, err := g.Enter(t.Context(), "a reload")
				if err != nil {
					t.Error(err)
					return
				}
				if under++; under != 1 {
					t.Errorf("%d changes at a time", under)
				}
				if what, since := g.Now(); what != "a reload" || time.Since(since) != 0 {
					t.Errorf("%q since %v", what, since)
				}
				time.Sleep(time.Second)
				under--
				leave(nil)
			}()
		}
		synctest.Wait()
		leave, err := g.Enter(t.Context(), "an upgrade")
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 5*time.Second {
			t.Errorf("it has waited for %v", took)
		}
		leave(errors.New("it did not work"))
		if what, _ := g.Now(); what != "" {
			t.Errorf("%q is under way", what)
		}
		for what, want := range map[string]Tally{"a reload": {OK: 5}, "an upgrade": {Failed: 1}, "a restart": {}} {
			if got := g.Ended(what); got != want {
				t.Errorf("%s: %+v, want %+v", what, got, want)
			}
		}
	})
}

// A change that gives up says what it was waiting for. One for which the gate
// is open begins, whatever becomes of its context.
func TestGateGivesUp(t *testing.T) {
	for what, want := range map[string]string{"a reload": "waiting for a reload to end, which has run for 3s", "": "waiting for another change to end"} {
		synctest.Test(t, func(t *testing.T) {
			g := NewGate()
			over, cancel := context.WithCancelCause(t.Context())
			cancel(errors.New("no time"))
			leave, err := g.Enter(over, what)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			if _, err := g.Enter(over, "an upgrade"); !errors.Is(err, context.Cause(over)) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, not %s", err, want)
			}
			leave(nil)
			if leave, err = g.Enter(t.Context(), "an upgrade"); err != nil {
				t.Fatal(err)
			}
			leave(nil)
		})
	}
}
