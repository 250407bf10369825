package config

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
)

// flagValue is one key's flag.
type flagValue struct {
	leaf   *leaf
	schema *schema
	preset string   // the default, as text
	given  []string // what it was set to, in order
}

// addFlags registers a flag for each key that is not secret: every user of the
// machine can read the arguments of its processes.
func (c *Config[T]) addFlags(fs *flag.FlagSet) {
	c.flags = map[string]*flagValue{}
	for i := range c.schema.leaves {
		l := &c.schema.leaves[i]
		if l.secret {
			continue
		}
		free(fs, l.key)
		f := &flagValue{leaf: l, schema: c.schema}
		if v := l.find(reflect.ValueOf(&c.defaults).Elem(), false); v.IsValid() && !v.IsZero() {
			f.preset = c.schema.format(v, false)
		}
		usage := l.usage
		if l.env != "" {
			usage += " (env " + l.env + ")"
		}
		fs.Var(f, l.key, strings.TrimSpace(usage))
		c.flags[l.key] = f
	}
	if c.options.FileFlag != "" {
		free(fs, c.options.FileFlag)
		fs.StringVar(&c.fileFlag, c.options.FileFlag, "", fmt.Sprintf("read the configuration from this `file` (default %q)", c.options.File))
	}
}

func free(fs *flag.FlagSet, name string) {
	if fs.Lookup(name) != nil {
		panic(fmt.Sprintf("config: there is a flag %s already: rename it, or the key", name))
	}
}

// String is called on zero values, too: by package flag, for the defaults.
func (f *flagValue) String() string {
	if len(f.given) == 0 {
		return f.preset
	}
	return f.given[len(f.given)-1]
}

// Set notes text, if it can be the value of the key.
func (f *flagValue) Set(text string) error {
	err := f.schema.trial(f.leaf, text)
	if err == nil {
		f.given = append(f.given, text)
	}
	return err
}

// trial says what is wrong with text as the value of a leaf.
func (s *schema) trial(l *leaf, text string) error {
	d := &decoder{schema: s, sources: map[string]Source{}, source: func(int) Source { return Source{} }}
	d.text(reflect.New(l.typ).Elem(), l, text)
	if len(d.errs) > 0 {
		return d.errs[0].(*Error).Err
	}
	return nil
}

// IsBoolFlag tells package flag that the flag needs no value.
func (f *flagValue) IsBoolFlag() bool {
	t := pointed(f.leaf.typ)
	return t.Kind() == reflect.Bool && !textual(t)
}

// flags sets v to the values of the flags.
func (d *decoder) flags(v reflect.Value, flags map[string]*flagValue) {
	for i := range d.schema.leaves {
		l := &d.schema.leaves[i]
		f := flags[l.key]
		if f == nil || len(f.given) == 0 || d.skipped(l.key) {
			continue
		}
		d.source = func(int) Source { return Source{Flag: l.key} }
		d.text(l.find(v, true), l, f.given...)
	}
}

// environment sets v to the values in the environment. An empty variable counts
// as none.
func (d *decoder) environment(v reflect.Value) {
	for i := range d.schema.leaves {
		l := &d.schema.leaves[i]
		if l.env == "" || d.skipped(l.key) {
			continue
		}
		text := os.Getenv(l.env)
		if text == "" {
			continue
		}
		d.source = func(int) Source { return Source{Env: l.env} }
		d.text(l.find(v, true), l, text)
	}
}

// text sets a leaf to the value in texts: the last of them, or all of them if
// it is a list or a table.
func (d *decoder) text(v reflect.Value, l *leaf, texts ...string) {
	var all *node
	for _, text := range texts {
		n, err := textNode(l.typ, text)
		if err != nil {
			if l.secret {
				err = errSecret
			}
			d.fail(&node{}, l.key, "%w", err)
			return
		}
		if all != nil && n.kind == all.kind && n.kind != scalar {
			n.items = append(all.items, n.items...)
			n.keys = merge(all.keys, n.keys)
		}
		all = n
	}
	for k := range d.sources { // it replaces the earlier value
		if strings.HasPrefix(k, l.key+".") || strings.HasPrefix(k, l.key+"[") {
			delete(d.sources, k)
		}
	}
	d.value(v, all, l.key, l.secret)
}

// merge returns the entries of a and b; those of b win.
func merge(a, b []entry) []entry {
	n := &node{}
	for _, e := range append(slices.Clone(b), a...) {
		_ = n.set(e) // the first of a name stays
	}
	return n.keys
}
