package legion

import (
	"context"
	"fmt"
	"reflect"

	"github.com/legion-go/legion/internal/life"
	"github.com/legion-go/legion/internal/plugins"
	"github.com/legion-go/legion/internal/text"
)

// Plugin is a part that starts and stops with the daemon: a lock, a
// configuration, a connection. Besides Name it implements the interfaces that
// it needs: those of package plugin, such as plugin.Starter and plugin.Stopper,
// and Attacher.
type Plugin interface {
	Name() string // identifies it in logs and statistics
}

// Attacher is a plugin that needs the daemon itself. Daemon.Use calls Attach,
// which may make declarations: add handlers of events, for instance. Attach is
// called in worker processes too, which make the same declarations.
type Attacher interface{ Attach(d *Daemon) error }

// Use adds a plugin.
func (d *Daemon) Use(p Plugin) {
	d.mustDeclare("Use of plugin " + p.Name())
	mustPlugin(p.Name(), text.CheckName(p.Name()))
	mustPlugin(p.Name(), d.plugins.Add(p))
}

// UseLazy adds a plugin that the first [Find] of it makes. make is a func() (P,
// error) where P is a Plugin.
func (d *Daemon) UseLazy(name string, make any) {
	d.mustDeclare("UseLazy of plugin " + name)
	mustPlugin(name, text.CheckName(name))
	mustPlugin(name, d.plugins.AddLazy(name, make))
}

func mustPlugin(name string, err error) {
	if err != nil {
		panic(fmt.Sprintf("legion: plugin %q: %v", name, err))
	}
}

// Find returns the plugin of type T, which may be an interface. It makes a
// plugin added with UseLazy, and starts it if the daemon runs.
func Find[T any](d *Daemon) (T, error) {
	var none T
	p, err := d.plugins.Find(reflect.TypeFor[T]())
	switch {
	case err != nil:
		return none, fmt.Errorf("legion: %w", err)
	case p == nil:
		return none, fmt.Errorf("legion: daemon %s has no plugin of type %v; add one with Use or UseLazy", d.config.Name, reflect.TypeFor[T]())
	}
	return p.(T), nil
}

// newPlugins returns the empty set of the daemon's plugins.
func (d *Daemon) newPlugins() plugins.Set {
	return plugins.Set{
		Attach: func(p plugins.Plugin) error {
			if a, ok := p.(Attacher); ok {
				return a.Attach(d)
			}
			return nil
		},
		Running: func() (context.Context, context.CancelFunc, bool) {
			if now := d.life.State(); now != life.Starting && now != life.Running {
				return nil, nil, false
			}
			ctx, cancel := context.WithTimeout(d.life.Live(), d.config.StopTimeout)
			return ctx, cancel, true
		},
	}
}
