package config

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/legion-go/legion"
	"github.com/legion-go/legion/sandbox"
)

// Error is one mistake in a configuration. The error of Load wraps all of them.
type Error struct {
	Source Source // of the wrong value, or of the section it is in; zero if there is none
	Key    string // as in "pools.resize.max"; "" if it is the whole file
	Err    error
}

func (e *Error) Error() string {
	text := e.Err.Error()
	if e.Key != "" {
		text = e.Key + ": " + text
	}
	if e.Source != (Source{}) {
		text = e.Source.String() + ": " + text
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// Source is where a value comes from. The zero value stands for the defaults.
type Source struct {
	File string // with Line, from 1 on
	Line int
	Env  string // the name of an environment variable
	Flag string // the name of a flag, without dashes
}

// String returns "default", "/etc/thumbs.yaml:12", "env THUMBS_LOG_LEVEL" or
// "flag --log.level".
func (s Source) String() string {
	switch {
	case s.Flag != "":
		return "flag --" + s.Flag
	case s.Env != "":
		return "env " + s.Env
	case s.Line > 0:
		return fmt.Sprintf("%s:%d", s.File, s.Line)
	case s.File != "":
		return s.File
	}
	return "default"
}

// At says which key of its struct an error of Validate is about, so that it is
// reported with the place where that key was set. The key may be a dotted one.
func At(key string, err error) error {
	if err == nil {
		return nil
	}
	return &keyError{key, err}
}

type keyError struct {
	key string
	err error
}

func (e *keyError) Error() string { return e.key + ": " + e.err.Error() }
func (e *keyError) Unwrap() error { return e.err }

// shown is how many mistakes an error lists; no operator reads more.
const shown = 20

// mistakes are all mistakes, in the order in which they were found.
type mistakes []error

func (m mistakes) Error() string {
	if len(m) == 1 {
		return m[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d mistakes:", len(m))
	for i, err := range m {
		if i == shown {
			fmt.Fprintf(&b, "\n\tand %d more", len(m)-shown)
			break
		}
		fmt.Fprintf(&b, "\n\t%v", err)
	}
	return b.String()
}

func (m mistakes) Unwrap() []error { return m }

// syntaxError says that text cannot be parsed.
type syntaxError struct {
	line int // 0 if it is not known
	text string
}

func (e *syntaxError) Error() string { return e.text }

// panicked makes an error of a panic in a Validate or an UnmarshalText.
func panicked(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("checking it panicked: %w\n%s", err, debug.Stack())
	}
	return fmt.Errorf("checking it panicked: %v\n%s", v, debug.Stack())
}

// placed makes an *Error of each error that err joins. They are about the value
// of type t at key.
func (d *decoder) placed(key string, t reflect.Type, err error) {
	for _, err := range split(err) {
		d.place(key, t, err)
	}
}

// split returns what errors.Join has joined.
func split(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || err.Error() != errors.Join(joined.Unwrap()...).Error() {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, split(err)...)
	}
	return all
}

func (d *decoder) place(key string, t reflect.Type, err error) {
	var at *keyError
	if errors.As(err, &at) {
		key = join(key, at.key)
		if err == error(at) {
			err = at.err
		}
	}
	source := d.origin(key)
	if bad, ok := err.(*sandbox.FieldError); ok {
		err = &legion.FieldError{Of: "Sandbox", Field: bad.Field, Problem: bad.Problem}
	}
	if bad, ok := err.(*legion.FieldError); ok {
		within := key
		key, err = join(within, d.fieldKey(t, bad.Field)), &problem{bad}
		if source = d.origin(key); d.sources[key] == (Source{}) && bad.With != "" {
			source = d.origin(join(within, d.fieldKey(t, bad.With))) // the joined error was set by that name
		}
	}
	mistake := &Error{Source: source, Key: key, Err: err}
	for _, other := range d.errs { // a struct that embeds a checked one has its Validate, too
		if other.Error() == mistake.Error() {
			return
		}
	}
	d.errs = append(d.errs, mistake)
}

// problem is a FieldError whose field is named by its key.
type problem struct{ at *legion.FieldError }

func (p *problem) Error() string { return p.at.Problem }
func (p *problem) Unwrap() error { return p.at }

// fieldKey returns the key of a field of t by its Go name, which may be a
// dotted one, with the place in a list, as far as there are keys.
func (d *decoder) fieldKey(t reflect.Type, name string) (key string) {
	for part := range strings.SplitSeq(name, ".") {
		part, entry, listed := strings.Cut(part, "[")
		i := slices.IndexFunc(d.schema.structs[t], func(f field) bool { return t.FieldByIndex(f.index).Name == part })
		if i < 0 {
			break
		}
		f := d.schema.structs[t][i]
		key, t = join(key, f.name), pointed(f.typ)
		if listed {
			key += "[" + entry
		}
	}
	return key
}

// origin returns the source of a key, or else of its section, or else the file.
func (d *decoder) origin(key string) Source {
	for key != "" {
		if s, ok := d.sources[key]; ok {
			return s
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return Source{File: d.sources[""].File}
}
