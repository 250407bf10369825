package config

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/legion-go/legion"
)

// schema is what a configuration's type says: which keys there are.
type schema struct {
	structs map[reflect.Type][]field // of every struct that may come up
	leaves  []leaf                   // all keys of the configuration, in order
}

// field is a key of a struct.
type field struct {
	name     string
	index    []int // for FieldByIndex
	typ      reflect.Type
	secret   bool // it must not be shown
	restart  bool // a change takes effect only after a restart
	required bool // it must not be zero in the end
	usage    string
}

// leaf is a key that has a value, not keys of its own.
type leaf struct {
	field
	key   string // as in "pools.resize.max"
	env   string // the environment variable; "" if there is none
	steps [][]int
}

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	durationType    = reflect.TypeFor[time.Duration]()
	bytesType       = reflect.TypeFor[[]byte]()
	signalType      = reflect.TypeFor[syscall.Signal]()
)

// newSchema reads the type of a configuration. It panics if it cannot be one.
func newSchema(t reflect.Type, env string) *schema {
	s := &schema{structs: map[reflect.Type][]field{}}
	s.add(t, "")
	s.walk(t, "", env, nil, nil, field{})
	variables := map[string]string{}
	for _, l := range s.leaves {
		if other := variables[l.env]; l.env != "" && other != "" {
			panic(fmt.Sprintf("config: the keys %s and %s have the same environment variable, %s: rename one", other, l.key, l.env))
		}
		variables[l.env] = l.key
	}
	return s
}

// add notes the fields of every struct in t.
func (s *schema) add(t reflect.Type, key string) {
	switch {
	case textual(t):
		return
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice, t.Kind() == reflect.Array, t.Kind() == reflect.Map:
		s.add(t.Elem(), key)
		return
	case t.Kind() != reflect.Struct || s.structs[t] != nil:
		return
	}
	s.structs[t] = []field{} // for structs that hold themselves
	fields := s.fields(t, key, nil)
	for i, f := range fields {
		same := slices.IndexFunc(fields, func(o field) bool { return o.name == f.name })
		if same != i {
			panic(fmt.Sprintf("config: two fields of %v have the name %q: rename one with a tag `config:\"name\"`", t, f.name))
		}
		s.add(f.typ, join(key, f.name))
	}
	s.structs[t] = fields
}

// fields returns the keys of the struct t. Those of embedded structs without a
// name are among them.
func (s *schema) fields(t reflect.Type, key string, index []int) (all []field) {
	for i := range t.NumField() {
		sf := t.Field(i)
		at := append(slices.Clone(index), i)
		f, tagged := newField(t, sf)
		f.index = at
		switch {
		case f.name == "-":
		case sf.Anonymous && !tagged && section(sf.Type) && sf.Type.Kind() == reflect.Struct:
			all = append(all, s.fields(sf.Type, key, at)...)
		case !sf.IsExported():
		case supported(sf.Type, nil):
			all = append(all, f)
		case tagged:
			panic(fmt.Sprintf("config: %s (field %s of %v): text cannot set a %v; leave it out with the tag `config:\"-\"`",
				join(key, f.name), sf.Name, t, sf.Type))
		}
	}
	return all
}

// newField reads the tags of a field.
func newField(t reflect.Type, sf reflect.StructField) (f field, tagged bool) {
	f = field{name: keyName(sf.Name), typ: sf.Type, usage: sf.Tag.Get("usage")}
	for _, tag := range []string{"json", "yaml", "config"} { // the later wins
		text, ok := sf.Tag.Lookup(tag)
		name, options, _ := strings.Cut(text, ",")
		if ok && name != "" {
			f.name, tagged = name, tag == "config" && name != "-"
		}
		if tag != "config" || options == "" {
			continue
		}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "secret":
				f.secret = true
			case "required":
				f.required = true
			case "restart":
				f.restart = true
			default:
				panic(fmt.Sprintf("config: field %s of %v: its tag `config` has the option %q; there are secret, required and restart", sf.Name, t, option))
			}
		}
	}
	if f.usage == "" {
		f.usage = usageOf(t, sf.Name)
	}
	if strings.ContainsAny(f.name, " .=[]\t\n") {
		panic(fmt.Sprintf("config: field %s of %v: %q cannot be a key: use letters, digits, _ and -", sf.Name, t, f.name))
	}
	return f, tagged
}

// walk lists the leaves of t, which is a section. chain holds the sections that
// it is in.
// above is the key of the section itself, whose options hold for its keys.
func (s *schema) walk(t reflect.Type, key, env string, steps [][]int, chain []reflect.Type, above field) {
	t = pointed(t)
	if slices.Contains(chain, t) {
		panic(fmt.Sprintf("config: %s: %v contains itself; it may do so only through a list or a map", key, t))
	}
	for _, f := range s.structs[t] {
		f.secret = f.secret || above.secret
		f.restart = f.restart || above.restart || declares(f.typ)
		l := leaf{field: f, key: join(key, f.name), steps: append(slices.Clone(steps), f.index)}
		if env != "" {
			l.env = env + "_" + variable(f.name)
		}
		if section(f.typ) {
			s.walk(f.typ, l.key, l.env, l.steps, append(slices.Clone(chain), t), f)
		} else {
			s.leaves = append(s.leaves, l)
		}
	}
}

// legions reports whether t is a type of Legion's that holds options.
func legions(t reflect.Type) bool {
	return t.PkgPath() == reflect.TypeFor[legion.Pool]().PkgPath() || t == reflect.TypeFor[legion.Sandbox]() || t == reflect.TypeFor[legion.Recorder]()
}

// declares reports whether a t holds options of declarations, which a reload
// does not change: a struct of Legion's, or a list or table of such.
func declares(t reflect.Type) bool {
	t = pointed(t)
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return declares(t.Elem())
	}
	return t.Kind() == reflect.Struct && legions(t)
}

// find returns the leaf's value in v, which is the configuration. If make is
// set, find makes nil sections on the way; otherwise the value may be invalid.
func (l *leaf) find(v reflect.Value, make bool) reflect.Value {
	for _, step := range l.steps {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				if !make {
					return reflect.Value{}
				}
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.FieldByIndex(step)
	}
	return v
}

// section reports whether t has keys of its own.
func section(t reflect.Type) bool {
	t = pointed(t)
	return t.Kind() == reflect.Struct && !textual(t)
}

// textual reports whether a t is read by its own method.
func textual(t reflect.Type) bool {
	return t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(textUnmarshaler)
}

// pointed is the type that t points to in the end.
func pointed(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// supported reports whether text can set a t. seen guards against types that
// contain themselves.
func supported(t reflect.Type, seen []reflect.Type) bool {
	if textual(t) || slices.Contains(seen, t) {
		return true
	}
	seen = append(slices.Clone(seen), t)
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return supported(t.Elem(), seen)
	case reflect.Map:
		return supported(t.Elem(), seen) && (textual(t.Key()) || plainKind(t.Key().Kind()))
	case reflect.Interface:
		return t.NumMethod() == 0
	case reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				return true
			}
		}
		return false
	}
	return plainKind(t.Kind())
}

// plainKind reports whether values of this kind are one piece of text.
func plainKind(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Uint64 || k == reflect.Float32 || k == reflect.Float64 || k == reflect.String
}
