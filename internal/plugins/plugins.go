// Package plugins keeps the plugins of a daemon: it makes, starts, stops and
// reloads them, and asks them for figures. A plugin that hangs or panics costs
// one goroutine and its own answer, not the daemon.
//
//   - plugins.go: the set of plugins
//   - life.go: start, stop and reload
//   - figures.go: statistics
package plugins

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/legion-go/legion/internal/bus"
	"github.com/legion-go/legion/plugin"
	"github.com/legion-go/legion/status"
)

// Plugin is a legion.Plugin.
type Plugin interface{ Name() string }

// Set is the plugins of a daemon, in the order of their declaration. Add and
// AddLazy come before everything else, from one goroutine; the other methods
// may be called from any goroutine.
type Set struct {
	// Attach is called with a plugin that has just been made.
	Attach func(Plugin) error
	// Running reports whether the daemon starts or runs, and returns the context
	// for the start of a plugin that is made then.
	Running func() (ctx context.Context, cancel context.CancelFunc, runs bool)

	all []*entry
}

// entry is one plugin, made or not.
type entry struct {
	name   string
	make   reflect.Value // func() (P, error)
	yields reflect.Type  // P

	asking  chan struct{} // holds a value while its figures are asked for
	reloads chan struct{} // holds a value while it is reloaded
	making  sync.Mutex    // held while it is made
	mu      sync.Mutex    // guards those below
	made    Plugin        // nil until it is made
	started bool
}

// Add adds a plugin.
func (s *Set) Add(p Plugin) error {
	if err := s.add(&entry{name: p.Name(), made: p, yields: reflect.TypeOf(p)}); err != nil {
		return err
	}
	return s.Attach(p)
}

// AddLazy adds a plugin that is made when Find first asks for it. make is a
// func() (P, error) where P is a Plugin.
func (s *Set) AddLazy(name string, make any) error {
	v := reflect.ValueOf(make)
	if !v.IsValid() || v.Kind() != reflect.Func || v.Type().NumIn() != 0 || v.Type().NumOut() != 2 ||
		!v.Type().Out(0).Implements(reflect.TypeFor[Plugin]()) || v.Type().Out(1) != reflect.TypeFor[error]() {
		return fmt.Errorf("it needs a func() (P, error) where P is a legion.Plugin, not a %T", make)
	}
	return s.add(&entry{name: name, make: v, yields: v.Type().Out(0)})
}

func (s *Set) add(e *entry) error {
	for _, other := range s.all {
		if other.name == e.name {
			return fmt.Errorf("a plugin of that name exists already")
		}
	}
	e.asking, e.reloads = make(chan struct{}, 1), make(chan struct{}, 1)
	s.all = append(s.all, e)
	return nil
}

// Find returns the first plugin that can be assigned to a value of type t. A
// lazy one is made now, and started if the daemon runs. It returns nil if no
// plugin fits.
func (s *Set) Find(t reflect.Type) (Plugin, error) {
	for _, e := range s.all {
		if !e.yields.AssignableTo(t) {
			continue
		}
		made, err := s.make(e)
		if err != nil {
			return nil, fmt.Errorf("making plugin %s: %w", e.name, err)
		}
		return made, nil
	}
	return nil, nil
}

// make returns the plugin of e, and makes it first if necessary.
func (s *Set) make(e *entry) (Plugin, error) {
	if made, _ := e.state(); made != nil {
		return made, nil
	}
	e.making.Lock()
	defer e.making.Unlock()
	if made, _ := e.state(); made != nil {
		return made, nil // by another goroutine, meanwhile
	}
	out := e.make.Call(nil)
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, err
	}
	made := out[0].Interface().(Plugin)
	if err := s.Attach(made); err != nil {
		return nil, err
	}
	ctx, cancel, runs := s.Running()
	if runs {
		defer cancel()
		if err := start(ctx, made); err != nil {
			return nil, err
		}
	}
	e.set(made, runs)
	return made, nil
}

// state returns the plugin, or nil, and whether it has been started.
func (e *entry) state() (made Plugin, started bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.made, e.started
}

func (e *entry) set(made Plugin, started bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.made, e.started = made, started
}

// Each returns the made plugins that are a T, by their names.
func Each[T any](s *Set) func(yield func(name string, p T) bool) {
	return func(yield func(string, T) bool) {
		for _, e := range s.all {
			made, _ := e.state()
			if p, ok := made.(T); ok && !yield(e.name, p) {
				return
			}
		}
	}
}

// List describes all plugins.
func (s *Set) List() []status.Plugin {
	all := []status.Plugin{}
	for _, e := range s.all {
		made, started := e.state()
		p := status.Plugin{Name: e.name, Type: e.yields.String(), State: "promised"}
		switch {
		case started:
			p.State = "started"
		case made != nil:
			p.State = "made"
		}
		p.Stats, _ = e.figures()
		all = append(all, p)
	}
	return all
}

// Check asks the plugins that are a plugin.Checker. Their errors name them.
func (s *Set) Check() (errs []error) {
	for name, c := range Each[plugin.Checker](s) {
		if err := bus.Protect(c.Check); err != nil {
			errs = append(errs, fmt.Errorf("plugin %s: %w", name, err))
		}
	}
	return errs
}
