package legion

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/legion-go/legion/plugin"
)

// Plugin is something that lives with the daemon: a lock, a configuration, a
// connection to something. Beside its name it implements what it needs of
// Attacher, Starter, Stopper, Reloader, Restorer, RestartGuard and StatsReporter.
type Plugin interface {
	Name() string // tells it apart in logs and statistics
}

// Attacher is told by Use which daemon it belongs to: it may declare there, On
// events for instance. It is called in worker processes too, which declare the
// same.
type Attacher interface{ Attach(d *Daemon) error }

// addedPlugin is a plugin that was added, made or not.
type addedPlugin struct {
	name   string
	make   reflect.Value // func() (P, error)
	yields reflect.Type  // P

	asking  chan struct{} // has one while its figures are asked for
	reloads chan struct{} // has one while it is reloaded
	making  sync.Mutex    // held while it is made
	mu      sync.Mutex
	made    Plugin // nil while it is only promised
	started bool
}

// state returns the plugin, or nil, and whether it has been started.
func (p *addedPlugin) state() (made Plugin, started bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made, p.started
}

func (p *addedPlugin) set(made Plugin, started bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made, p.started = made, started
}

// Use adds a plugin.
func (d *Daemon) Use(p Plugin) {
	d.mustDeclare("Use of plugin " + p.Name())
	d.addPlugin(&addedPlugin{name: p.Name(), made: p, yields: reflect.TypeOf(p)})
	if a, ok := p.(Attacher); ok {
		if err := a.Attach(d); err != nil {
			panic(fmt.Sprintf("legion: Use of plugin %s: %v", p.Name(), err))
		}
	}
}

// UseLazy adds a plugin that is made when [Use] first asks for it. make is a
// func() (P, error) where P is a Plugin.
func (d *Daemon) UseLazy(name string, make any) {
	d.mustDeclare("UseLazy of plugin " + name)
	v := reflect.ValueOf(make)
	if !v.IsValid() || v.Kind() != reflect.Func || v.Type().NumIn() != 0 || v.Type().NumOut() != 2 ||
		!v.Type().Out(0).Implements(reflect.TypeFor[Plugin]()) || v.Type().Out(1) != reflect.TypeFor[error]() {
		panic(fmt.Sprintf("legion: UseLazy of plugin %s: needs a func() (P, error) where P is a legion.Plugin, not a %T", name, make))
	}
	d.addPlugin(&addedPlugin{name: name, make: v, yields: v.Type().Out(0)})
}

func (d *Daemon) addPlugin(p *addedPlugin) {
	if err := checkName(p.name); err != nil {
		panic(fmt.Sprintf("legion: plugin %q: %v", p.name, err))
	}
	p.asking, p.reloads = make(chan struct{}, 1), make(chan struct{}, 1)
	for _, other := range d.plugins {
		if other.name == p.name {
			panic(fmt.Sprintf("legion: plugin %q: there is one of that name", p.name))
		}
	}
	d.plugins = append(d.plugins, p)
}

// Use returns the plugin of type T, which may be an interface. One that was added
// with UseLazy is made now, and started if the daemon runs.
func Use[T any](d *Daemon) (T, error) {
	var none T
	for _, p := range d.plugins {
		if !p.yields.AssignableTo(reflect.TypeFor[T]()) {
			continue
		}
		made, err := d.makePlugin(p)
		if err != nil {
			return none, fmt.Errorf("legion: making plugin %s: %w", p.name, err)
		}
		return made.(T), nil
	}
	return none, fmt.Errorf("legion: daemon %s has no plugin of type %v; add one with Use or UseLazy", d.config.Name, reflect.TypeFor[T]())
}

// makePlugin returns p, made now if it has not been.
func (d *Daemon) makePlugin(p *addedPlugin) (Plugin, error) {
	if made, _ := p.state(); made != nil {
		return made, nil
	}
	p.making.Lock()
	defer p.making.Unlock()
	if made, _ := p.state(); made != nil {
		return made, nil // by somebody else, meanwhile
	}
	out := p.make.Call(nil)
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, err
	}
	made := out[0].Interface().(Plugin)
	if a, ok := made.(Attacher); ok {
		if err := a.Attach(d); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	runs := d.state == starting || d.state == running
	d.mu.Unlock()
	if runs {
		ctx, cancel := context.WithTimeout(d.live, d.config.StopTimeout)
		defer cancel()
		if err := startPlugin(ctx, made); err != nil {
			return nil, err
		}
	}
	p.set(made, runs)
	return made, nil
}

func startPlugin(ctx context.Context, made Plugin) error {
	if s, ok := made.(plugin.Starter); ok {
		return s.Start(ctx)
	}
	return nil
}

// startPlugins starts those that are made.
func (d *Daemon) startPlugins(ctx context.Context) error {
	for _, p := range d.plugins {
		made, started := p.state()
		if made == nil || started {
			continue
		}
		if err := startPlugin(ctx, made); err != nil {
			return fmt.Errorf("plugin %s: %w", p.name, err)
		}
		p.set(made, true)
	}
	return nil
}

// stopPlugins stops those that were started, in reverse order. One that does not
// return in time is left behind.
func (d *Daemon) stopPlugins(ctx context.Context) (errs []error) {
	for i := len(d.plugins) - 1; i >= 0; i-- {
		p := d.plugins[i]
		made, started := p.state()
		s, ok := made.(plugin.Stopper)
		if !started || !ok {
			continue
		}
		p.set(made, false)
		stopped := make(chan error, 1)
		go func() { stopped <- s.Stop(ctx) }()
		select {
		case err := <-stopped:
			if err != nil {
				errs = append(errs, fmt.Errorf("plugin %s: %w", p.name, err))
			}
		case <-ctx.Done():
			errs = append(errs, fmt.Errorf("plugin %s: it did not stop in time", p.name))
		}
	}
	return errs
}

// madePlugins returns the plugins that there are, in the order of Use.
func (d *Daemon) madePlugins() (all []Plugin) {
	for _, p := range d.plugins {
		if made, _ := p.state(); made != nil {
			all = append(all, made)
		}
	}
	return all
}

// reloadPlugins reloads those that can be.
func (d *Daemon) reloadPlugins(ctx context.Context) error {
	var errs []error
	for _, p := range d.plugins {
		if err := p.reload(ctx); err != nil {
			errs = append(errs, fmt.Errorf("plugin %s: %w", p.name, err))
		}
	}
	return errors.Join(errs...)
}

// reload reloads the plugin if it can be. One that does not return before ctx
// ends is left behind; the next reload waits for it.
func (p *addedPlugin) reload(ctx context.Context) error {
	made, _ := p.state()
	r, ok := made.(plugin.Reloader)
	if !ok {
		return nil
	}
	select {
	case p.reloads <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("its previous reload has not ended: %w", context.Cause(ctx))
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-p.reloads }()
		done <- protect(func() error { return r.Reload(ctx) })
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	select {
	case err := <-done: // it has heeded ctx, or was as fast
		return err
	default:
		return fmt.Errorf("its reload has not ended: %w", context.Cause(ctx))
	}
}

// pluginStats asks the plugins for their figures.
func (d *Daemon) pluginStats() map[string]any {
	stats := map[string]any{}
	for _, p := range d.plugins {
		if s, ok := p.figures(); ok {
			stats[p.name] = s
		}
	}
	return stats
}

// figures asks a StatsReporter for its figures. If it does not answer in time, or
// panics, it is the reason; one that hangs has one goroutine hang, not one each
// time that it is asked.
func (p *addedPlugin) figures() (any, bool) {
	made, _ := p.state()
	r, ok := made.(plugin.StatsReporter)
	if !ok {
		return nil, false
	}
	late := time.NewTimer(statsPatience)
	defer late.Stop()
	const hangs = "it does not answer"
	select {
	case p.asking <- struct{}{}:
	case <-late.C:
		return hangs, true
	}
	answer := make(chan any, 1)
	go func() {
		defer func() { <-p.asking }()
		var s any
		if err := protect(func() error { s = r.Stats(); return nil }); err != nil {
			s = err.Error()
		}
		answer <- s
	}()
	select {
	case s := <-answer:
		return s, true
	case <-late.C:
		return hangs, true
	}
}
