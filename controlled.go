package legion

import (
	"context"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/event"
	"github.com/legion-go/legion/internal/control"
	"github.com/legion-go/legion/internal/deaths"
	"github.com/legion-go/legion/internal/follow"
	"github.com/legion-go/legion/internal/history"
	"github.com/legion-go/legion/internal/logs"
	"github.com/legion-go/legion/internal/methods"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/pool"
	"github.com/legion-go/legion/internal/taskruns"
	"github.com/legion-go/legion/status"
)

// controlled is the daemon as the methods of the control socket see it.
type controlled struct{ *Daemon }

var _ methods.Daemon = controlled{}

func (c controlled) Hello() status.Hello     { return c.hello() }
func (c controlled) Status() status.Daemon   { return c.status() }
func (c controlled) Figures() status.Stats   { return c.stats() }
func (c controlled) Stop(why string) error   { return c.stopBy(why) }
func (c controlled) Restart(by string) error { return c.restartBy(c.life.Closing(), by) }

// Reload and Upgrade continue when the client that requested them disconnects.
func (c controlled) Reload() error                    { return c.Daemon.Reload(c.life.Closing()) }
func (c controlled) Upgrade() (status.Upgrade, error) { return c.upgrade(c.life.Closing()) }

func (c controlled) Pools() (all []methods.Pool) {
	for _, p := range c.declared.pools {
		all = append(all, &Supervisor{p})
	}
	return all
}

func (c controlled) Pool(name string) (methods.Pool, error) {
	p, err := c.Daemon.Pool(name)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (c controlled) Machine(p methods.Pool) (methods.Machine, error) {
	return p.(*Supervisor).p.pool()
}

func (c controlled) Glance() []status.PoolStats         { return c.poolStats((*pool.Pool).Glance) }
func (c controlled) Clients() []control.Client          { return c.control.Clients() }
func (c controlled) Functions() []methods.Function      { return c.declared.offers }
func (c controlled) Tasks() *taskruns.Runs              { return &c.tasks }
func (c controlled) Live() context.Context              { return c.life.Live() }
func (c controlled) Certificates() *deaths.Registry     { return &c.succession.deaths }
func (c controlled) History() *history.History          { return &c.succession.history }
func (c controlled) Log() *logs.Log                     { return c.log }
func (c controlled) Events() *follow.Feed[status.Event] { return &c.events.watchers }
func (c controlled) EventTypes() []status.EventType     { return methods.EventTypes(c.events.bus.Topics()) }
func (c controlled) Plugins() *plugins.Set              { return &c.plugins }
func (c controlled) Settings() any                      { return c.Config() }

func (c controlled) Signal(sig syscall.Signal) error {
	if err := c.life.MustRun(); err != nil {
		return err
	}
	if a, ok := c.actions()[sig]; !ok || a == SignalIgnore || a == SignalSystem {
		return methods.Wrong("signal", "the daemon does not handle %s: use kill", unix.SignalName(sig))
	}
	c.received(event.Signal{Signal: sig, Count: 1})
	return nil
}

func (c controlled) OnLoop(ctx context.Context, fn func() error) error {
	if err := c.life.MustRun(); err != nil {
		return err
	}
	return c.onLoopFor(ctx, fn)
}

func (c controlled) Schedule() (all []methods.Scheduled) {
	for _, e := range c.declared.crons {
		all = append(all, methods.Scheduled{Cron: e.status(), Run: func() {
			e.Count()
			e.Ended(c.execute(e.name, 0, e.fn))
		}})
	}
	for _, t := range c.declared.loops {
		s := t.ticker.Stats()
		all = append(all, methods.Scheduled{
			Cron: status.Cron{Name: t.name, Spec: t.Interval().String(), Runs: s.Runs, Missed: s.Missed},
			Run:  func() { c.execute(t.name, 0, t.fn) },
		})
	}
	return all
}
