package config

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// decoder fills a configuration from its sources, one after the other.
type decoder struct {
	schema  *schema
	source  func(line int) Source // where the current value stands
	sources map[string]Source     // where values come from, by key
	skip    map[string]bool       // keys that count as not set
	errs    mistakes
}

func (d *decoder) fail(n *node, key string, format string, args ...any) {
	d.errs = append(d.errs, &Error{Source: d.source(n.line), Key: key, Err: fmt.Errorf(format, args...)})
}

// mistakes returns the mistakes, or nil.
func (d *decoder) mistakes() error {
	if len(d.errs) == 0 {
		return nil
	}
	return d.errs
}

// value sets v to the value n. Errors do not contain secret values.
func (d *decoder) value(v reflect.Value, n *node, key string, secret bool) {
	t := v.Type()
	d.sources[key] = d.source(n.line)
	if n.kind == nothing {
		d.nothing(v, n, key)
		return
	}
	switch {
	case t.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		d.value(v.Elem(), n, key, secret)
	case section(t):
		d.section(v, n, key, secret)
	case textual(t), t == bytesType, plainKind(t.Kind()):
		d.scalar(v, n, key, secret)
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		d.list(v, n, key, secret)
	case t.Kind() == reflect.Map:
		d.table(v, n, key, secret)
	default: // any
		v.Set(reflect.ValueOf(n.any()))
	}
}

// nothing is the value of a key without one, and null.
func (d *decoder) nothing(v reflect.Value, n *node, key string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		v.SetZero()
	case reflect.Struct:
		if section(v.Type()) {
			return // all its keys are commented out, for instance
		}
		fallthrough
	default:
		d.fail(n, key, `it has no value: write one ("" is the empty text), or remove the line`)
	}
}

func (d *decoder) section(v reflect.Value, n *node, key string, secret bool) {
	if n.kind != table {
		d.fail(n, key, "it takes keys of its own: %s; this is %v", few(d.names(v.Type())), n.kind)
		return
	}
	for _, e := range n.keys {
		if d.skip[join(key, e.name)] {
			continue
		}
		f, ok := d.field(v.Type(), e.name)
		if !ok {
			d.unknown(v.Type(), e, key)
			continue
		}
		value := *e.value
		if value.line == 0 || value.kind != scalar {
			value.line = e.line
		}
		d.value(v.FieldByIndex(f.index), &value, join(key, f.name), secret || f.secret)
	}
}

func (d *decoder) field(t reflect.Type, name string) (field, bool) {
	for _, f := range d.schema.structs[t] {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (d *decoder) names(t reflect.Type) (names []string) {
	for _, f := range d.schema.structs[t] {
		names = append(names, f.name)
	}
	return names
}

// unknown reports a key that is not there.
func (d *decoder) unknown(t reflect.Type, e entry, key string) {
	names := d.names(t)
	here := &node{line: e.line}
	if len(d.errs) >= shown { // the error is dropped
		d.fail(here, join(key, e.name), "there is no such key")
		return
	}
	if near := nearest(e.name, names); near != "" {
		d.fail(here, join(key, e.name), "there is no such key; did you mean %s?", near)
		return
	}
	// It may be a key of another section.
	for _, l := range d.schema.leaves {
		if l.name == e.name && key == "" {
			d.fail(here, e.name, "there is no such key; did you mean %s?", l.key)
			return
		}
	}
	d.fail(here, join(key, e.name), "there is no such key; the keys here are %s", few(names))
}

// few lists names, or the first of them.
func few(names []string) string {
	if len(names) > 10 {
		return strings.Join(names[:10], ", ") + fmt.Sprintf(" and %d more", len(names)-10)
	}
	return strings.Join(names, ", ")
}

func (d *decoder) scalar(v reflect.Value, n *node, key string, secret bool) {
	if n.kind != scalar {
		d.fail(n, key, "it takes a single value; this is %v", n.kind)
		return
	}
	if err := setText(v, n.text); err != nil {
		if secret {
			err = errors.New("its value, which is secret, cannot be read as " + kindName(v.Type()))
		}
		d.fail(n, key, "%w", err)
	}
}

func (d *decoder) list(v reflect.Value, n *node, key string, secret bool) {
	if n.kind != list {
		d.fail(n, key, "it takes a list; this is %v: write [a, b], or put each on a line of its own, after a dash", n.kind)
		return
	}
	if v.Kind() == reflect.Array && v.Len() != len(n.items) {
		d.fail(n, key, "it takes %d values; these are %d", v.Len(), len(n.items))
		return
	}
	all := v
	if v.Kind() == reflect.Slice {
		all = reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	}
	for i, item := range n.items {
		if at := key + "[" + strconv.Itoa(i) + "]"; !d.skip[at] {
			d.value(all.Index(i), item, at, secret)
		}
	}
	v.Set(all)
}

func (d *decoder) table(v reflect.Value, n *node, key string, secret bool) {
	if n.kind != table {
		d.fail(n, key, "it takes a table of keys and values; this is %v", n.kind)
		return
	}
	t := v.Type()
	all := reflect.MakeMapWithSize(t, len(n.keys))
	for _, e := range n.keys {
		if d.skip[join(key, e.name)] {
			continue
		}
		name := reflect.New(t.Key()).Elem()
		if err := setText(name, e.name); err != nil {
			d.fail(&node{line: e.line}, join(key, e.name), "the key: %w", err)
			continue
		}
		value := reflect.New(t.Elem()).Elem()
		d.value(value, e.value, join(key, e.name), secret)
		all.SetMapIndex(name, value)
	}
	v.Set(all)
}

// any is n as Go values: map[string]any, []any, string, bool, int, float64 or
// nil.
func (n *node) any() any {
	switch n.kind {
	case list:
		all := make([]any, len(n.items))
		for i, item := range n.items {
			all[i] = item.any()
		}
		return all
	case table:
		all := make(map[string]any, len(n.keys))
		for _, e := range n.keys {
			all[e.name] = e.value.any()
		}
		return all
	case scalar:
		if n.quoted {
			return n.text
		}
		if n.text == "true" || n.text == "false" {
			return n.text == "true"
		}
		if i, err := strconv.Atoi(n.text); err == nil {
			return i
		}
		if f, err := strconv.ParseFloat(n.text, 64); err == nil {
			return f
		}
		return n.text
	}
	return nil
}
