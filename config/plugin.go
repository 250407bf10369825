package config

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/legion-go/legion"
)

// Changed is emitted after a reload that has changed something. Both are shared
// with Get: do not change them.
type Changed[T any] struct{ Old, New *T }

// Stats is what a configuration adds to the daemon's statistics.
type Stats struct {
	File      string    `json:"file"`       // absolute; "" if there is none
	Loaded    time.Time `json:"loaded"`     // when the configuration was read that is in force
	Reloads   int       `json:"reloads"`    // how often it was to be read again
	Refused   int       `json:"refused"`    // how many of these times it was bad, and the old one stayed
	LastError string    `json:"last_error"` // why it was refused the last time; "" if it was not
	Settings  []Setting `json:"settings"`
}

// Name returns Options.Name.
func (c *Config[T]) Name() string { return c.options.Name }

// Attach is called by Daemon.Use.
func (c *Config[T]) Attach(d *legion.Daemon) error {
	if c.daemon != nil {
		return errors.New("it belongs to a daemon already")
	}
	c.daemon = d
	return nil
}

// Start loads the configuration, if that has not been done, and hands it over
// to the workers. It is called in the daemon's process only.
func (c *Config[T]) Start(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.state.Load(); s != nil && s.handed {
		// What it took for its daemon's was another daemon's, whose child this is.
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
// start and that are in force after a restart or an upgrade only: those of what
// declarations are made of (legion.Pool, legion.TaskOptions, legion.Config),
// and those whose tag says restart.
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

// same reports whether two values of one leaf are equal; one that is invalid,
// in a section that there is not, is as good as zero.
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
