package plugins

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

// host is the daemon of a set of plugins, and what happens to them.
type host struct {
	set     Set
	life    []string
	refuses string // the plugin that cannot be attached
	runs    bool
}

func newHost() *host {
	h := &host{}
	h.set.Attach = func(p Plugin) error {
		if h.note(p.Name() + " attach"); p.Name() == h.refuses {
			return errors.New("refused")
		}
		return nil
	}
	h.set.Running = func() (context.Context, context.CancelFunc, bool) {
		if !h.runs {
			return nil, nil, false
		}
		ctx, cancel := context.WithCancel(context.Background())
		return ctx, func() { h.note("cancel"); cancel() }, true
	}
	return h
}

func (h *host) note(what string) { h.life = append(h.life, what) }

// since returns what has happened since it was called last.
func (h *host) since() (life []string) {
	life, h.life = h.life, nil
	return life
}

func (h *host) use(t *testing.T, all ...Plugin) {
	t.Helper()
	for _, p := range all {
		if err := h.set.Add(p); err != nil {
			t.Fatal(err)
		}
	}
}

// named is a plugin that can do nothing.
type named string

func (n named) Name() string { return string(n) }

// part is a plugin that can do everything. It notes that, and fails where it is
// told to.
type part struct {
	named
	h      *host
	fails  string // "start" or the like
	panics bool   // where it fails
	ctx    context.Context
}

func (h *host) part(name string) *part { return &part{named: named(name), h: h} }

func (p *part) does(what string) error {
	p.h.note(p.Name() + " " + what)
	switch {
	case p.fails != what:
		return nil
	case p.panics:
		panic("unlucky")
	}
	return fmt.Errorf("no %s", what)
}

func (p *part) Start(ctx context.Context) error { p.ctx = ctx; return p.does("start") }
func (p *part) Stop(context.Context) error      { return p.does("stop") }
func (p *part) Reload(context.Context) error    { return p.does("reload") }
func (p *part) Check() error                    { return p.does("check") }

// slow is a plugin that stops, reloads and tells its figures when it may.
type slow struct {
	named
	may    chan struct{}
	begins atomic.Int32
}

func (s *slow) wait() { s.begins.Add(1); <-s.may }

func (s *slow) Stop(context.Context) error   { s.wait(); return nil }
func (s *slow) Reload(context.Context) error { s.wait(); return nil }
func (s *slow) Stats() any                   { s.wait(); return "figures" }

// figures is a plugin with figures, or a panic.
type figures struct {
	named
	of any
}

func (f figures) Stats() any {
	if f.of == nil {
		panic("unlucky")
	}
	return f.of
}
