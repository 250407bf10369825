package legion_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/legion-go/legion/legiontest"
	"github.com/legion-go/legion/status"
)

// slowPart is a plugin whose reload takes until it may end, whatever becomes of
// its context.
type slowPart struct{ begun, may chan struct{} }

func (*slowPart) Name() string { return "slow" }

func (p *slowPart) Reload(context.Context) error {
	p.begun <- struct{}{}
	<-p.may
	return nil
}

// A reload that takes long shows in the status. What waits for it, and what it
// waits for, heeds its context.
func TestLongReload(t *testing.T) {
	legiontest.CheckLeaks(t)
	c := newControlled(t, nil)
	slow := &slowPart{begun: make(chan struct{}, 9), may: make(chan struct{})}
	c.d.Use(slow)
	c.start()
	cl := c.dial()
	reloading, giveUp := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- c.d.Reload(reloading) }()
	<-slow.begun
	if s := ask[status.Daemon](t, cl, "daemon.status", nil); s.Changing != "a reload" || s.ChangingFor <= 0 {
		t.Errorf("the status says %q for %v", s.Changing, s.ChangingFor)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for what, do := range map[string]func(context.Context) error{"reload": c.d.Reload, "upgrade": c.d.Upgrade} {
		if err := do(over); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "waiting for a reload to end") {
			t.Errorf("%s: %v", what, err)
		}
	}
	giveUp()
	if err := <-first; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "plugin slow: its reload has not ended") {
		t.Errorf("the reload: %v", err)
	}
	close(slow.may)
	if err := c.d.Reload(t.Context()); err != nil {
		t.Error(err)
	}
	if s := ask[status.Daemon](t, cl, "daemon.status", nil); s.Changing != "" {
		t.Errorf("nothing goes on, but the status says %q", s.Changing)
	}
}
