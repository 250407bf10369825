package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

var errSecret = errors.New("its value, which is secret, cannot be read")

// Validator is implemented by a configuration, or any value in it, that can
// check itself. At says which key an error is about; errors.Join makes one of
// several.
type Validator interface{ Validate() error }

// required reports the required keys that have no value. ways says how to set
// one.
func (d *decoder) required(v reflect.Value, ways func(*leaf) string) {
	for i := range d.schema.leaves {
		l := &d.schema.leaves[i]
		if !l.required {
			continue
		}
		if at := l.find(v, false); at.IsValid() && at.IsZero() {
			d.errs = append(d.errs, &Error{Source: d.origin(l.key), Key: l.key, Err: fmt.Errorf("it needs a value: set it %s", ways(l))})
		}
	}
}

// validate calls the Validate methods of everything in v, from the inside out.
func (d *decoder) validate(v reflect.Value, key string) {
	t := v.Type()
	switch {
	case t.Kind() == reflect.Pointer:
		if !v.IsNil() {
			d.validate(v.Elem(), key)
		}
		return
	case textual(t):
	case t.Kind() == reflect.Struct:
		for _, f := range d.schema.structs[t] {
			d.validate(v.FieldByIndex(f.index), join(key, f.name))
		}
	case t == bytesType:
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		for i := range v.Len() {
			d.validate(v.Index(i), key+"["+strconv.Itoa(i)+"]")
		}
	case t.Kind() == reflect.Map:
		names := map[string]reflect.Value{}
		for _, k := range v.MapKeys() {
			names[plainText(k)] = k
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			d.validate(addressable(v.MapIndex(names[name])), join(key, name))
		}
	}
	if validator, ok := v.Addr().Interface().(Validator); ok {
		if err := validator.Validate(); err != nil {
			d.placed(key, t, err)
		}
	}
}

// addressable returns a copy of v that has an address.
func addressable(v reflect.Value) reflect.Value {
	a := reflect.New(v.Type()).Elem()
	a.Set(v)
	return a
}

// ways says how a leaf can be set.
func (c *Config[T]) ways(l *leaf) string {
	var ways []string
	if c.options.File != "" || c.fileFlag != "" {
		ways = append(ways, "in the file")
	}
	if l.env != "" {
		ways = append(ways, "by env "+l.env)
	}
	if c.flags[l.key] != nil {
		ways = append(ways, "by flag --"+l.key)
	}
	return strings.Join(ways, ", or ")
}
