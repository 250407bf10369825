package legion_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/testkit"
	"github.com/legion-go/legion/legiontest"
)

// A program that does not wait for the daemon's end is told, in the log, what
// it must do; one that does is not.
func TestStopThatNothingWaitsFor(t *testing.T) {
	legiontest.CheckLeaks(t)
	const warning = "nothing waits for the end of the daemon"
	for _, waits := range []bool{false, true} {
		log := new(testkit.Log)
		c := quiet("solo")
		c.Logger = slog.New(slog.NewTextHandler(log, nil))
		s := newSoloOf(c, legion.Pool{Max: 1})
		s.d.InProcess()
		if err := s.d.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waits {
			if err := s.d.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		} else {
			s.do.Go(t.Context(), deed{}).Then(func(string, error) { _ = s.d.Stop(context.Background()) })
			await(t, func() bool { return strings.Contains(log.String(), warning) })
			_ = s.d.Wait()
		}
		if strings.Contains(log.String(), warning) == waits {
			t.Errorf("waited for: %v, warned: %v", waits, !waits)
		}
	}
}

// A stop that is not complete names what is left, and nothing else.
func TestStopNamesWhatIsLeft(t *testing.T) {
	c := quiet("solo")
	c.StopTimeout = 300 * time.Millisecond
	s := newSoloOf(c, legion.Pool{Max: 1})
	s.d.InProcess()
	if err := s.d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	hangs, goOn := make(chan struct{}), make(chan struct{})
	s.do.Go(t.Context(), deed{}).Then(func(string, error) { close(hangs); <-goOn })
	<-hangs
	err := s.d.Stop(t.Context())
	close(goOn)
	if err == nil || !strings.Contains(err.Error(), "a function of the loop has not ended: it has been running for ") ||
		strings.Contains(err.Error(), "upgrade") || strings.Contains(err.Error(), "reload") || strings.Contains(err.Error(), "not ended: the") {
		t.Error(err)
	}
}
