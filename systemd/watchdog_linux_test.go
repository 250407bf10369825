package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
)

// pings waits for so many. That one was missed in between is no mistake: the
// machine may be slow.
func (m *manager) pings(n int) {
	m.t.Helper()
	for n > 0 {
		if got := m.next(); got.has("WATCHDOG=1") {
			n--
		} else if got.value("STATUS") == "" {
			m.t.Errorf("got %q", got.text)
		}
	}
}

type block struct{ blocked, free chan struct{} }

// The loop feeds the watchdog: a daemon whose loop hangs does not, though its
// timers run.
func TestWatchdog(t *testing.T) {
	legiontest.CheckLeaks(t)
	m := manage(t, false)
	setenv(t, "WATCHDOG_USEC", "100000")
	setenv(t, "WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	d, s := newDaemon(Options{})
	legion.On(d, func(_ context.Context, b block) error {
		close(b.blocked)
		<-b.free
		return nil
	})
	must(t, d.Start(t.Context()))
	m.expect("READY=1", "STATUS=ready")
	m.pings(3)
	b := block{make(chan struct{}), make(chan struct{})}
	over := make(chan error)
	go func() { over <- legion.Emit(context.Background(), d, b) }()
	<-b.blocked
	pings := 0
	for {
		n := m.next()
		if strings.HasPrefix(n.value("STATUS"), "not responsive, the watchdog is not fed: ") {
			break
		}
		pings++
	}
	if pings > 2 { // under way when the loop hung
		t.Errorf("%d pings of a daemon that hangs", pings)
	}
	close(b.free)
	must(t, <-over)
	m.pings(2)
	if s.Stats().(Stats).Missed == 0 {
		t.Error("it has not counted what it missed")
	}
	must(t, d.Stop(t.Context()))
}

// answers is a daemon that responds as a test wants.
type answers struct {
	host
	answer func(ctx context.Context) error
}

func (a answers) Responsive(ctx context.Context) error { return a.answer(ctx) }

// Pings come at half of the time that systemd waits; one that is held up comes as
// soon as the daemon responds; none comes if it says no.
func TestWatchdogTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 20 * time.Second
		begin := time.Now()
		var asked int
		s := &Service{options: Options{Status: func() string { return "" }}, state: ready, outbox: make(chan message, maxQueue)}
		s.daemon = answers{answer: func(ctx context.Context) error {
			switch asked++; asked {
			case 2: // slow
				time.Sleep(limit/2 - time.Second)
				return nil
			case 3: // not at all
				<-ctx.Done()
				return ctx.Err()
			case 4:
				return errors.New("pool x has failed")
			}
			return nil
		}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go s.watchdog(ctx, limit/2, done)
		var got []string
		for range 5 {
			m := <-s.outbox
			got = append(got, fmt.Sprint(time.Since(begin), " ", m.text))
		}
		cancel()
		<-done
		want := []string{
			"10s WATCHDOG=1",
			"29s WATCHDOG=1",
			"40s STATUS=not responsive, the watchdog is not fed: context deadline exceeded",
			"40s STATUS=not responsive, the watchdog is not fed: pool x has failed",
			"50s WATCHDOG=1",
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}
