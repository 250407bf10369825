package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/legion-go/legion/status"
)

// Setting is one key of a configuration, as it is now. Its value is written as
// in a file; the value of a secret that is set is Masked. Source is the text of
// Source.String.
type Setting = status.Setting

// Masked replaces the value of a secret.
const Masked = "******"

// Show returns every key with its value and where that came from, in the order
// of the struct. Before Load these are the defaults.
func (c *Config[T]) Show() []Setting {
	v, sources := reflect.ValueOf(&c.defaults).Elem(), map[string]Source(nil)
	if s := c.state.Load(); s != nil {
		v, sources = reflect.ValueOf(s.value).Elem(), s.sources
	}
	all := make([]Setting, 0, len(c.schema.leaves))
	for i := range c.schema.leaves {
		l := &c.schema.leaves[i]
		set := Setting{Key: l.key, Source: sources[l.key].String()}
		if at := l.find(v, false); at.IsValid() {
			set.Value = c.schema.format(at, l.secret)
		}
		all = append(all, set)
	}
	return all
}

// String returns the result of Show, one key on each line.
func (c *Config[T]) String() string {
	var b strings.Builder
	for _, s := range c.Show() {
		fmt.Fprintf(&b, "%s = %s (%s)\n", s.Key, s.Value, s.Source)
	}
	return b.String()
}

// format returns a value as text.
func (s *schema) format(v reflect.Value, secret bool) string {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if secret && !v.IsZero() {
		return Masked
	}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Interface && v.IsNil():
		return "" // nil
	case textual(t), t == durationType, t == bytesType, plainKind(t.Kind()):
		return plainText(v)
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = s.inner(v.Index(i), false)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case t.Kind() == reflect.Map:
		parts := map[string]string{}
		for _, k := range v.MapKeys() {
			name := quoted(plainText(k))
			parts[name] = name + ": " + s.inner(v.MapIndex(k), false)
		}
		var all []string
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			all = append(all, parts[name])
		}
		return "{" + strings.Join(all, ", ") + "}"
	case t.Kind() == reflect.Struct:
		var all []string
		for _, f := range s.structs[t] {
			all = append(all, f.name+": "+s.inner(v.FieldByIndex(f.index), f.secret))
		}
		return "{" + strings.Join(all, ", ") + "}"
	}
	return fmt.Sprint(v.Interface())
}

// inner is format for values in lists and tables.
func (s *schema) inner(v reflect.Value, secret bool) string {
	text := s.format(v, secret)
	if t := pointed(v.Type()); textual(t) || plainKind(t.Kind()) {
		return quoted(text)
	}
	return text
}

// quoted puts text in quotes where it could be misread.
func quoted(text string) string {
	if text == "" || strings.ContainsAny(text, ",:[]{}\"'#\n\t\\") || strings.TrimSpace(text) != text {
		return strconv.Quote(text)
	}
	return text
}

// plainText is a value that is one piece of text.
func plainText(v reflect.Value) string {
	v = addressable(v)
	if m, ok := v.Addr().Interface().(encoding.TextMarshaler); ok {
		if text, err := m.MarshalText(); err == nil {
			return string(text)
		}
	}
	switch v.Type() {
	case bytesType:
		return string(v.Bytes())
	case signalType:
		if name := unix.SignalName(syscall.Signal(v.Int())); name != "" {
			return name
		}
		return fmt.Sprint(v.Int())
	}
	return fmt.Sprint(v.Interface())
}
