package legion_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// watchdog is a plugin with a view of how long the loop may be held.
type watchdog struct{ patience time.Duration }

func (watchdog) Name() string                   { return "watchdog" }
func (w *watchdog) LoopPatience() time.Duration { return w.patience }

// Whoever asks how the daemon is gets the same answer: Healthy, Responsive,
// /readyz, daemon.status and the statistics.
func TestHealthHasOneDefinition(t *testing.T) {
	legiontest.CheckLeaks(t)
	path := filepath.Join(t.TempDir(), "control.sock")
	conf := quiet("solo")
	conf.Control = "unix://" + path
	s := newSoloOf(conf, legion.Pool{Max: 1, MaxRestarts: 1})
	w := &watchdog{}
	s.d.Use(w)
	type block struct{ held, free chan struct{} }
	legion.On(s.d, func(_ context.Context, b block) error {
		close(b.held)
		<-b.free
		return nil
	})
	if err := s.d.Healthy(); err == nil || !strings.Contains(err.Error(), "is declared") {
		t.Errorf("before the start: %v", err)
	}
	s.start(t)
	web := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		return net.Dial("unix", path)
	}}}
	operator := dial(t, path)
	says := func(state, why, known string) {
		t.Helper()
		err := s.d.Healthy()
		status, stats := ask[status.Daemon](t, operator, "daemon.status", nil), s.d.Stats()
		answer, webErr := web.Get("http://d/readyz")
		if webErr != nil {
			t.Fatal(webErr)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if why == "" {
			if err != nil || !status.Healthy || status.Unhealthy != "" || !stats.Healthy || answer.StatusCode != 200 || s.d.Healthy() != nil {
				t.Errorf("%s: %v, %+v, %d %s", state, err, status, answer.StatusCode, body)
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), why) || s.d.Responsive(t.Context()) == nil ||
			status.Healthy || !strings.Contains(status.Unhealthy, why) || stats.Healthy || !strings.Contains(stats.Unhealthy, why) {
			t.Errorf("%s: %v, %+v", state, err, status)
		}
		if answer.StatusCode != 503 || !strings.Contains(string(body), known) || strings.Contains(string(body), "code 7") {
			t.Errorf("%s: /readyz is %d %s", state, answer.StatusCode, body)
		}
	}
	says("started", "", "")
	if err := s.do.Pool().Pause(); err != nil {
		t.Fatal(err)
	}
	says("paused, on request", "", "")
	if err := s.do.Pool().Resume(); err != nil {
		t.Fatal(err)
	}

	b := block{make(chan struct{}), make(chan struct{})}
	over := make(chan error, 1)
	go func() { over <- legion.Emit(context.Background(), s.d, b) }()
	<-b.held
	says("while the loop is held for a while", "", "")
	w.patience = time.Nanosecond
	says("held for too long", "has been holding the loop for ", "has been holding the loop for ")
	w.patience = 0
	close(b.free)
	if err := <-over; err != nil {
		t.Error(err)
	}
	says("let go", "", "")

	for n := 0; ; n++ {
		if _, err := s.do.Call(t.Context(), deed{What: "exit"}); errors.Is(err, legion.ErrPoolFailed) || n > 4 {
			break
		}
	}
	says("with a failed pool", "code 7", "pool pool has failed") // why it has is for those with a role
	if err := s.do.Pool().Resume(); err != nil {
		t.Fatal(err)
	}
	says("resumed", "", "")
}
