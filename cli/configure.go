package cli

import (
	"encoding"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/legion-go/legion"
)

// Setter is a plugin with keys that -o name=value may set, a configuration for
// instance. If [legion.Config] has a key of the same name, the key sets that of
// legion.Config.
type Setter interface {
	// Keys returns the names that Set takes.
	Keys() []string
	// Set gives a key a value, before the daemon is started. The error says what is
	// wrong with the value, not which key it is.
	Set(key, value string) error
}

// Checker is a plugin with input that can be wrong before the start, such as a
// file. The verb config check calls it, unless it is a [plugin.Checker].
type Checker interface {
	// Load reads the input, and returns what is wrong with it.
	Load() error
}

// configure sets in the daemon what the flags say.
func (p *program) configure() error {
	var rest assignments
	err := p.daemon.Configure(func(c *legion.Config) error {
		if p.flags.verbose {
			c.LogLevel = slog.LevelDebug
			c.LogConsole = c.Logger == nil
		}
		if p.flags.hard {
			c.HardStart = true
		}
		for _, a := range p.flags.set {
			field := configField(c, a.name)
			if !field.IsValid() {
				rest = append(rest, a)
			} else if err := setText(field, a.value); err != nil {
				return a.wrong(err)
			}
		}
		return nil
	})
	if err != nil && ExitCode(err) == ExitFailed {
		return &ExitError{ExitNotConfigured, err}
	}
	if err != nil || len(rest) == 0 {
		return err
	}
	setter, _ := legion.Find[Setter](p.daemon)
	for _, a := range rest {
		if setter == nil || !slices.Contains(setter.Keys(), a.name) {
			return a.wrong(unknownKey(a.name, configKeys(setter)))
		}
		if err := setter.Set(a.name, a.value); err != nil {
			return a.wrong(err)
		}
	}
	return nil
}

func (a assignment) wrong(err error) error { return usage("-o %s=%s: %w", a.name, a.value, err) }

func unknownKey(name string, keys []string) error {
	if meant := nearest(name, keys); meant != "" {
		return fmt.Errorf("there is no such key; did you mean %s?", meant)
	}
	return fmt.Errorf("there is no such key; there are: %s", strings.Join(keys, ", "))
}

// configKeys returns the names that -o knows.
func configKeys(setter Setter) []string {
	keys := configFields(reflect.TypeFor[legion.Config](), "")
	if setter != nil {
		keys = append(keys, setter.Keys()...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// configFields returns the names of the fields that text can fill.
func configFields(t reflect.Type, prefix string) (names []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name := prefix + snake(f.Name)
		switch {
		case name == "name" || !f.IsExported():
		case readable(f.Type):
			names = append(names, name)
		case f.Type.Kind() == reflect.Struct:
			names = append(names, configFields(f.Type, name+".")...)
		}
	}
	return names
}

// configField finds a field by its name: log_level, log_rotation.max_size. The
// zero Value means that there is none.
func configField(c *legion.Config, name string) reflect.Value {
	v := reflect.ValueOf(c).Elem()
	if !slices.Contains(configFields(v.Type(), ""), name) {
		return reflect.Value{}
	}
	for part := range strings.SplitSeq(name, ".") {
		for i := range v.NumField() {
			if snake(v.Type().Field(i).Name) == part {
				v = v.Field(i)
				break
			}
		}
	}
	return v
}

// readable reports whether setText knows the type.
func readable(t reflect.Type) bool {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int64, reflect.Uint64:
		return true
	case reflect.Slice:
		return t.Elem().Kind() == reflect.String
	}
	return false
}

// setText sets a field to the value that text says.
func setText(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := u.UnmarshalText([]byte(text)); err != nil {
			if v.Type() == reflect.TypeFor[slog.Level]() {
				return fmt.Errorf("%q is not a level: use debug, info, warn or error", text)
			}
			return fmt.Errorf("%q is not a valid value: %w", text, err)
		}
		return nil
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%q is not a duration: write a number and its unit, as in 500ms, 2s or 1h30m", text)
		}
		v.SetInt(int64(d))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 0, v.Type().Bits())
		if err != nil {
			return notNumber(text, err)
		}
		v.SetInt(n)
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			return notNumber(text, err)
		}
		v.SetUint(n)
	case reflect.Slice:
		v.Set(reflect.ValueOf(strings.Fields(text)).Convert(v.Type()))
	}
	return nil
}

// valueText returns a field's value as text that setText can read.
func valueText(v reflect.Value) string {
	if list, ok := v.Interface().([]string); ok {
		return strings.Join(list, " ")
	}
	return fmt.Sprint(v.Interface())
}

// snake is the name of a key: LogLevel is log_level.
func snake(name string) string {
	r := []rune(name)
	var b strings.Builder
	for i, c := range r {
		if i > 0 && unicode.IsUpper(c) && (unicode.IsLower(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return b.String()
}

// notNumber says why strconv does not take a text.
func notNumber(text string, err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%s is too large", text)
	}
	return fmt.Errorf("%q is not a whole number", text)
}
