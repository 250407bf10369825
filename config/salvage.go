package config

import (
	"errors"
	"flag"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/legion-go/legion"
)

// loadError is the error of Load and Check.
type loadError struct{ err error }

func (e *loadError) Error() string   { return "config: " + e.err.Error() }
func (e *loadError) Unwrap() []error { return []error{e.err, legion.ErrConfig} }

// bystander reports whether this process only talks to a running daemon, by the
// arguments after its own flags.
func (c *Config[T]) bystander() bool {
	args := os.Args[1:]
	switch fs := c.options.Flags; {
	case fs != nil && !fs.Parsed():
		return false // a mistake in the program, not in its configuration
	case fs != nil:
		args = fs.Args()
	case flag.Parsed():
		args = flag.Args()
	}
	return legion.IsBystander(args)
}

// salvageRounds limits how often salvage leaves out what is wrong and tries the
// rest.
const salvageRounds = 50

// salvage makes a configuration of the correct values in the sources, for a
// process that only needs to find its daemon; mistake is why there is no
// complete one. Wrong values count as not set; where that does not help, so
// does their section, and in the end everything. Required keys may be missing.
func (c *Config[T]) salvage(mistake error) *state[T] {
	s := &state[T]{sources: map[string]Source{}, mistake: mistake, at: time.Now()}
	var root *node
	if file, err := c.readFile(); err == nil {
		s.file = file
		root, _ = file.parse() // nil if it cannot be
	}
	s.file.set = c.given
	skip := map[string]bool{}
	for range salvageRounds {
		value, wrong := c.attempt(s, root, skip)
		if len(wrong) == 0 {
			s.value = value
			return s
		}
		if !leaveOut(skip, wrong) {
			break
		}
	}
	s.value, s.sources = c.copyOf(&c.defaults), map[string]Source{}
	return s
}

// attempt builds a configuration without the keys of skip.
func (c *Config[T]) attempt(s *state[T], root *node, skip map[string]bool) (value *T, wrong mistakes) {
	defer func() {
		if v := recover(); v != nil {
			wrong = mistakes{panicked(v)}
		}
	}()
	value = c.copyOf(&c.defaults)
	v := reflect.ValueOf(value).Elem()
	clear(s.sources)
	d := &decoder{schema: c.schema, sources: s.sources, skip: skip}
	c.fill(d, v, s.file, root)
	if len(d.errs) == 0 {
		d.validate(v, "")
	}
	return value, d.errs
}

// leaveOut adds to skip the keys that are wrong, or their section if they are
// there already. It reports whether it could.
func leaveOut(skip map[string]bool, wrong mistakes) bool {
	for _, err := range wrong {
		at := (*Error)(nil)
		if !errors.As(err, &at) {
			return false
		}
		key := at.Key
		for skip[key] {
			key = key[:max(0, strings.LastIndexAny(key, ".["))]
		}
		if key == "" {
			return false
		}
		skip[key] = true
	}
	return true
}

// skipped reports whether a key, or its section, counts as not set.
func (d *decoder) skipped(key string) bool {
	for ; key != ""; key = key[:max(0, strings.LastIndexAny(key, ".["))] {
		if d.skip[key] {
			return true
		}
	}
	return false
}
