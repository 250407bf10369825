package legion_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/internal/testkit"
)

// A function that holds the loop is named in the log, once, though it waits
// within Legion; and so is that the loop goes on.
func TestHeldLoopIsTold(t *testing.T) {
	conf := quiet("solo")
	log := new(testkit.Log)
	conf.Logger = slog.New(slog.NewTextHandler(log, nil))
	s := newSoloOf(conf, legion.Pool{Max: 1})
	s.d.Use(&watchdog{patience: 20 * time.Millisecond})
	free := make(chan bool)
	type hold struct{}
	legion.On(s.d, func(ctx context.Context, _ hold) error {
		waitWithin(ctx, s, free)
		return nil
	})
	s.start(t)
	go func() { _ = legion.Emit(context.Background(), s.d, hold{}) }()
	await(t, func() bool { return strings.Contains(log.String(), "holds the loop") })
	if got := log.String(); !strings.Contains(got, "legion_test.waitWithin (stall_test.go:") {
		t.Errorf("the log does not say where:\n%s", got)
	}
	close(free)
	await(t, func() bool { return strings.Contains(log.String(), "the loop continues") })
	if n := strings.Count(log.String(), "holds the loop"); n != 1 {
		t.Errorf("it is told %d times:\n%s", n, log.String())
	}
}

// waitWithin waits on the loop for a call, until free.
func waitWithin(ctx context.Context, s *solo, free <-chan bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { <-free; cancel() }()
	_, _ = s.do.Call(ctx, deed{What: "wait", For: time.Hour})
}
