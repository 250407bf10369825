package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Keys returns the keys that Set takes: all but the secret ones.
func (c *Config[T]) Keys() (keys []string) {
	for _, l := range c.schema.leaves {
		if !l.secret {
			keys = append(keys, l.key)
		}
	}
	return keys
}

// Set gives a key a value that overrides all sources, before the daemon is
// started: package cli does it for -o name=value. A configuration that is
// loaded already is loaded again; declarations that have used it stay as they
// were. The value is written as for a flag; a list or a table replaces the
// whole one. The error says what is wrong with the value, or with the
// configuration that results.
func (c *Config[T]) Set(key, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.schema.leaves, func(l leaf) bool { return l.key == key })
	switch {
	case i < 0:
		return fmt.Errorf("there is no key %s; there are: %s", key, strings.Join(c.Keys(), ", "))
	case c.schema.leaves[i].secret:
		return fmt.Errorf("%s is secret, and every user of the machine can read the arguments of its processes: set it in the file or the environment", key)
	}
	if err := c.schema.trial(&c.schema.leaves[i], text); err != nil {
		return err
	}
	before := c.given
	c.given = append(slices.Clone(before), setKey{key, text})
	if now := c.state.Load(); now == nil || now.mistake != nil {
		return nil
	}
	s, err := c.read(false)
	if err != nil {
		c.given = before
		return err
	}
	c.state.Store(s)
	return nil
}

// given sets v to the values from Set.
func (d *decoder) given(v reflect.Value, set []setKey) {
	for _, s := range set {
		i := slices.IndexFunc(d.schema.leaves, func(l leaf) bool { return l.key == s.key })
		if i < 0 || d.skipped(s.key) {
			continue // of another program's configuration, or wrong
		}
		l := &d.schema.leaves[i]
		d.source = func(int) Source { return Source{Flag: l.key} }
		d.text(l.find(v, true), l, s.text)
	}
}
