package systemd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/legiontest"
)

func emit[E any](t *testing.T, d *legion.Daemon, event E) {
	t.Helper()
	must(t, legion.Emit(t.Context(), d, event))
}

// All messages of a daemon's life, over both kinds of sockets.
func TestLife(t *testing.T) {
	for _, abstract := range []bool{false, true} {
		t.Run(fmt.Sprint("abstract ", abstract), func(t *testing.T) {
			legiontest.CheckLeaks(t)
			m := manage(t, abstract)
			d, s := newDaemon(Options{})
			for _, name := range variables {
				if value, is := os.LookupEnv(name); is {
					t.Errorf("children would see %s=%s", name, value)
				}
			}
			// A handler of the user's does not keep an event from systemd.
			legion.On(d, func(context.Context, event.Started) error { return legion.StopPropagation }, legion.Priority(1000))
			must(t, d.Start(t.Context()))
			if n := m.expect("READY=1", "STATUS=ready"); n.pid != os.Getpid() {
				t.Errorf("got it from process %d", n.pid)
			}
			if !s.Active() {
				t.Error("it does not know that there is a systemd")
			}

			if err := d.Restart(); err == nil || !strings.Contains(err.Error(), "systemctl restart "+d.Name()) {
				t.Errorf("a restart in place: %v", err)
			}

			before := monotonic()
			emit(t, d, event.Reload{})
			n := m.next()
			if !n.has("RELOADING=1") || !n.has("STATUS=reloading") {
				t.Errorf("got %q", n.text)
			}
			if at, err := strconv.ParseInt(n.value("MONOTONIC_USEC"), 10, 64); err != nil || at < before || at > monotonic() {
				t.Errorf("%q: the time is not between %d and %d", n.text, before, monotonic())
			}
			emit(t, d, event.Reloaded{})
			m.expect("READY=1", "STATUS=ready")
			emit(t, d, event.Reload{})
			m.next()
			emit(t, d, event.Reloaded{Err: errors.New("line 3:\nno such key")})
			m.expect("READY=1", "STATUS=the reload failed in part: line 3: no such key")

			must(t, d.Stop(t.Context()))
			if n := m.next(); !n.has("STOPPING=1") || !strings.HasPrefix(n.value("STATUS"), "stopping") || n.value("EXTEND_TIMEOUT_USEC") != "10000000" {
				t.Errorf("got %q", n.text)
			}
			if usec, err := strconv.Atoi(m.next().value("EXTEND_TIMEOUT_USEC")); err != nil || usec < 1e6 || usec > 21e6 {
				t.Errorf("the rest of the stop should take %d µs, %v", usec, err)
			}
			m.none()
			if stats := d.Stats().Plugins["systemd"].(Stats); stats.Sent != 7 || stats.Failed != 0 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// A plain start: nothing is done, and only storing a descriptor is an error.
func TestInactive(t *testing.T) {
	legiontest.CheckLeaks(t)
	d, s := newDaemon(Options{})
	if _, err := s.Files("x"); err == nil {
		t.Error("asked before the start, it does not say so")
	}
	legiontest.Start(t, d)
	emit(t, d, event.Reload{})
	emit(t, d, event.Reloaded{})
	if files, err := s.Files("x"); len(files) > 0 || err != nil {
		t.Error(files, err)
	}
	if listeners, err := s.Listeners("x"); len(listeners) > 0 || err != nil {
		t.Error(listeners, err)
	}
	if err := s.Store("x", os.Stdin); !errors.Is(err, ErrInactive) {
		t.Error(err)
	}
	if s.Active() || len(s.Names()) > 0 {
		t.Error("it sees a systemd that is not there")
	}
}

func TestBadEnvironment(t *testing.T) {
	legiontest.CheckLeaks(t)
	me := fmt.Sprint(os.Getpid())
	for name, env := range map[string]map[string]string{
		"relative socket":      {"NOTIFY_SOCKET": "run/notify"},
		"other kind of socket": {"NOTIFY_SOCKET": "vsock:2:1234"},
		"no name":              {"NOTIFY_SOCKET": "@"},
		"no interval":          {"WATCHDOG_USEC": "soon"},
		"zero":                 {"WATCHDOG_USEC": "0"},
		"for ever":             {"WATCHDOG_USEC": "18446744073709551615"},
		"negative":             {"LISTEN_PID": me, "LISTEN_FDS": "-1"},
		"too many":             {"LISTEN_PID": me, "LISTEN_FDS": "1000000000"},
		"not open":             {"LISTEN_PID": me, "LISTEN_FDS": "1000"},
		"names":                {"LISTEN_PID": me, "LISTEN_FDS": "0", "LISTEN_FDNAMES": "a"},
		"a name":               {"LISTEN_PID": me, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "a\nb"},
		"no number":            {"LISTEN_PID": me, "LISTEN_FDS": "x"},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range env {
				setenv(t, key, value)
			}
			d, _ := newDaemon(Options{})
			if err := d.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "plugin systemd: systemd's variables") {
				t.Error(err)
			}
		})
	}
}

// Variables for another process are ignored, but not passed on either.
func TestForAnotherProcess(t *testing.T) {
	legiontest.CheckLeaks(t)
	for key, value := range map[string]string{"WATCHDOG_PID": "1", "WATCHDOG_USEC": "1000", "LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b"} {
		setenv(t, key, value)
	}
	e, err := takeEnvironment()
	if err != nil || e.watchdog != 0 || len(e.files) != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	if _, is := os.LookupEnv("LISTEN_FDS"); is {
		t.Error("children would see LISTEN_FDS")
	}
}

func TestStatus(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "STATUS=",
		"plain":                               "STATUS=plain",
		"a\nREADY=1\r\x00b":                   "STATUS=a READY=1  b",
		"\xff\xfe":                            "STATUS=?",
		"ünï":                                 "STATUS=ünï",
		strings.Repeat("a", maxStatus):        "STATUS=" + strings.Repeat("a", maxStatus),
		strings.Repeat("a", 511) + "ü and so": "STATUS=" + strings.Repeat("a", 511) + "…",
	} {
		if got := statusLine(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// The program sets the line, and may ask for the statistics in it; it is sent
// once.
func TestOwnStatus(t *testing.T) {
	legiontest.CheckLeaks(t)
	m := manage(t, false)
	var d *legion.Daemon
	status := "first"
	d, _ = newDaemon(Options{Status: func() string { return fmt.Sprint(status, " ", len(d.Stats().Plugins)) }})
	legiontest.Start(t, d)
	m.expect("READY=1", "STATUS=first 1")
	emit(t, d, event.Reloaded{})
	m.expect("READY=1")
	status = "second"
	emit(t, d, event.Reloaded{})
	m.expect("READY=1", "STATUS=second 1")
}

// A systemd that does not read holds up neither the loop nor, for longer than
// its time, a stop.
func TestSystemdThatDoesNotRead(t *testing.T) {
	legiontest.CheckLeaks(t)
	m := manage(t, false)
	must(t, m.conn.SetReadDeadline(time.Unix(1, 0))) // its goroutine ends
	d, s := newDaemon(Options{})
	must(t, d.Start(t.Context()))
	for i := range 2000 { // more than the queues of both hold
		emit(t, d, event.Reloaded{Err: fmt.Errorf("%d %s", i, strings.Repeat("x", 400))})
	}
	if stats := s.Stats().(Stats); stats.Failed == 0 {
		t.Errorf("nothing was dropped: %+v", stats)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err == nil || !strings.Contains(err.Error(), "accepts no messages") {
		t.Error(err)
	}
	must(t, d.Stop(t.Context()))
	_ = m.conn.Close() // ends the sender
}

// A stop asks for more time at half of what it was granted last, as long as it
// goes on.
func TestExtend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		sent, outbox, done := make(chan string), make(chan message), make(chan struct{})
		go new(Service).sender(func(text string) error {
			sent <- fmt.Sprint(time.Since(begin), " ", text)
			return nil
		}, outbox, done)
		time.Sleep(time.Hour) // nothing is said while the daemon runs
		outbox <- message{text: "STOPPING=1", stopping: true}
		for _, want := range []string{"1h0m0s STOPPING=1", "1h0m5s EXTEND_TIMEOUT_USEC=10000000", "1h0m10s EXTEND_TIMEOUT_USEC=10000000"} {
			if got := <-sent; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		close(outbox)
		<-done
	})
	if got := extend(-time.Second); got != "EXTEND_TIMEOUT_USEC=1000000" {
		t.Errorf("no time left: %s", got)
	}
}
