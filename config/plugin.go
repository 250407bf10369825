package config

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/legion-go/legion"
)

// Changed is emitted after a reload that changed the configuration. Both are
// shared with Get: do not change them.
type Changed[T any] struct{ Old, New *T }

// Stats are a configuration's entry in the daemon's statistics.
type Stats struct {
	File      string    `json:"file"`       // absolute; "" if there is none
	Loaded    time.Time `json:"loaded"`     // when the current configuration was read
	Reloads   int       `json:"reloads"`    // number of reloads
	Refused   int       `json:"refused"`    // number of reloads that failed, so that the old one stayed
	LastError string    `json:"last_error"` // why it was refused the last time; "" if it was not
	Settings  []Setting `json:"settings"`
}

// Name returns Options.Name.
func (c *Config[T]) Name() string { return c.options.Name }

// Attach is called by Daemon.Use.
func (c *Config[T]) Attach(d *legion.Daemon) error {
	if c.daemon != nil {
		return errors.New("it belongs to another daemon already")
	}
	c.daemon = d
	return nil
}

// Start loads the configuration, if it is not loaded, and hands it over to the
// workers. It is called only in the daemon's process.
func (c *Config[T]) Start(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.state.Load(); s != nil && s.handed {
		// The content that it took for its daemon's came from another daemon, whose
		// child this is.
		c.state.Store(nil)
		forget(c.options.Name)
	}
	if s := c.state.Load(); s != nil && s.mistake != nil {
		return s.mistake // a daemon must not run with what could be salvaged
	}
	if err := c.load(); err != nil {
		return err
	}
	c.started.Store(c.state.Load().value)
	return handOver(c.options.Name, c.state.Load().file)
}

// RestartNeeded returns the keys that a reload has changed since the daemon's
// start and that take effect only after a restart or an upgrade: those of the
// options of declarations (legion.Pool, legion.TaskOptions, legion.Config), and
// those whose tag says restart.
func (c *Config[T]) RestartNeeded() (keys []string) {
	started, now := c.started.Load(), c.state.Load() // without mu, which is held while a file is read
	if started == nil || now == nil || now.value == started {
		return nil
	}
	was, is := reflect.ValueOf(started).Elem(), reflect.ValueOf(now.value).Elem()
	for i := range c.schema.leaves {
		l := &c.schema.leaves[i]
		if l.restart && !same(l.find(was, false), l.find(is, false)) {
			keys = append(keys, l.key)
		}
	}
	return keys
}

// same reports whether two values of one leaf are equal; an invalid value, in a
// section that does not exist, counts as zero.
func same(a, b reflect.Value) bool {
	switch {
	case !a.IsValid() && !b.IsValid():
		return true
	case !a.IsValid():
		return b.IsZero()
	case !b.IsValid():
		return a.IsZero()
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// Stop takes back what Start handed over.
func (c *Config[T]) Stop(context.Context) error {
	takeBack(c.options.Name)
	return nil
}

// Stats returns a Stats.
func (c *Config[T]) Stats() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := Stats{Reloads: c.reloads, Refused: c.refused, Settings: c.Show()}
	if s := c.state.Load(); s != nil {
		all.File, all.Loaded = s.file.path, s.at
	}
	if c.lastErr != nil {
		all.LastError = c.lastErr.Error()
	}
	return all
}
