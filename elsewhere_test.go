package legion_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/legion-go/legion"
)

// within is a function of workers that does what only the daemon's process can.
func (s *solo) within(ctx context.Context, x deed) (string, error) {
	switch x.What {
	case "Start":
		return "", s.d.Start(ctx)
	case "Run":
		return "", s.d.Run(ctx)
	case "Stop":
		return "", s.d.Stop(ctx)
	case "Wait":
		return "", s.d.Wait()
	case "Reload":
		return "", s.d.Reload(ctx)
	case "Upgrade":
		return "", s.d.Upgrade(ctx)
	case "Restart":
		return "", s.d.Restart()
	case "Healthy":
		return "", s.d.Healthy()
	case "Emit":
		return "", legion.Emit(ctx, s.d, deed{})
	case "Fail":
		s.d.Fail(errors.New("from within"))
		return "", nil
	case "Then":
		told := make(chan error, 1)
		s.do.Go(ctx, x).Then(func(_ string, err error) { told <- err })
		select {
		case err := <-told:
			return "", err
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return s.do.Call(ctx, x)
}

// What only the daemon's process can do fails in a worker, at once, and says
// why; the worker lives on.
func TestElsewhere(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1}).start(t)
	for what, says := range map[string]string{
		"call": "this is a worker process", "Then": "this is a worker process", "Healthy": "this is a worker process",
		"Start": "this is a worker process of it, which serves calls already", "Run": "which serves calls already",
		"Stop": "only the daemon's own process can", "Wait": "only the daemon's own process can",
		"Reload": "only the daemon's own process can", "Upgrade": "only the daemon's own process can", "Restart": "only the daemon's own process can",
		"Emit": "stopped", "Fail": "",
	} {
		t.Run(what, func(t *testing.T) {
			_, err := s.inner.Call(t.Context(), deed{What: what})
			var remote *legion.RemoteError
			if says != "" && (!errors.As(err, &remote) || !strings.Contains(err.Error(), says)) || says == "" && err != nil {
				t.Errorf("got %v (%T), want an error of the function with %q", err, err, says)
			}
		})
	}
	if n := s.do.Pool().Stats().Restarts; n != 0 {
		t.Errorf("%d workers died", n)
	}
	if err := s.d.Healthy(); err != nil {
		t.Error(err)
	}
}

// On the loop Wait would wait for itself.
func TestWaitOnTheLoop(t *testing.T) {
	s := newSolo("solo", legion.Pool{Max: 1})
	got := make(chan error, 1)
	s.d.Init(func(context.Context) error { got <- s.d.Wait(); return nil })
	s.start(t)
	if err := <-got; err == nil || !strings.Contains(err.Error(), "on the loop") {
		t.Errorf("got %v", err)
	}
}
