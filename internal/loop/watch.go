package loop

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/legion-go/legion/internal/where"
)

// Watch logs when one function holds the loop for longer than most, and where
// it is, until ctx ends. No tick and no posted function runs meanwhile: without
// a log record, the program would seem to do nothing.
func (l *Loop) Watch(ctx context.Context, most time.Duration, log *slog.Logger) {
	look := time.NewTicker(max(most/2, time.Millisecond))
	defer look.Stop()
	var told time.Duration // for how long it was held when that was logged; 0: not logged
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		s := l.Stats()
		if told != 0 && s.Running < told {
			log.Info("the loop continues")
			told = 0
		}
		if told == 0 && s.Running > most {
			told = s.Running
			log.Warn("a function holds the loop, and nothing else runs there: do slow work in a pool or a goroutine; a function that waits there for a Then or a handler waits for itself",
				"for", s.Running.Round(time.Millisecond), "where", l.place(), "waiting", s.Pending)
		}
	}
}

// Left says what a loop is doing that should have ended.
func (l *Loop) Left() error {
	s := l.Stats()
	if s.Running == 0 {
		return fmt.Errorf("the loop has not ended: %d functions wait for it", s.Pending)
	}
	return fmt.Errorf("a function of the loop has not ended: it has been running for %v, and %d others wait (if it waits for one of them, such as a Then or a handler, it waits for itself)", s.Running.Round(time.Millisecond), s.Pending)
}

// place returns where the program's function on the loop is now; "" if unknown.
func (l *Loop) place() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	_, stack, _ := strings.Cut("\n\n"+string(stacks), fmt.Sprintf("\n\ngoroutine %d ", l.goroutine.Load()))
	stack, _, _ = strings.Cut(stack, "\n\n")
	const own = "github.com/legion-go/legion"
	_, frames, _ := strings.Cut(stack, "\n")
	for strings.HasPrefix(frames, own+".") || strings.HasPrefix(frames, own+"/internal/") || strings.HasPrefix(frames, "runtime.") {
		_, frames, _ = strings.Cut(frames, "\n")
		_, frames, _ = strings.Cut(frames, "\n")
	}
	return where.Innermost(frames)
}
