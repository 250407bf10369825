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

// pings waits for that many. A missed one in between is not a mistake: the
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
		if strings.HasPrefix(n.value("STATUS"), "not healthy, the watchdog is not fed: ") {
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

// answers is a daemon as healthy as a test wants.
type answers struct {
	host
	answer func() error
}

func (a answers) Healthy() error { return a.answer() }

// Pings come at half of the time that systemd waits while the daemon is
// healthy, none while it is not, and one as soon as it is again. Without a
// watchdog the status line tells the same.
func TestWatchdogTimes(t *testing.T) {
	for _, c := range []struct {
		feeds bool
		want  string
	}{
		{true, `10s WATCHDOG=1 STATUS=fine
20s STATUS=not healthy, the watchdog is not fed: pool x has failed
22s WATCHDOG=1 STATUS=fine
32s WATCHDOG=1
`},
		{false, `10s STATUS=fine
20s STATUS=not healthy: pool x has failed
22s STATUS=fine
`},
	} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			var asked int
			s := &Service{options: Options{Status: func() string { return "fine" }}, state: ready, outbox: make(chan message, maxQueue)}
			s.daemon = answers{answer: func() error {
				switch asked++; asked {
				case 2, 3:
					return errors.New("pool x has failed")
				}
				return nil
			}}
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go s.watch(ctx, 10*time.Second, c.feeds, done)
			var got strings.Builder
			for over := time.After(33 * time.Second); over != nil; {
				select {
				case m := <-s.outbox:
					fmt.Fprintln(&got, time.Since(begin), strings.ReplaceAll(m.text, "\n", " "))
				case <-over:
					over = nil
				}
			}
			cancel()
			<-done
			if got.String() != c.want {
				t.Errorf("got\n%s\nwant\n%s", got.String(), c.want)
			}
		})
	}
}
