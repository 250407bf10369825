package strictjson

import (
	"cmp"
	"encoding"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// Form says what gives a type its JSON form.
type Form uint8

const (
	Natural Form = iota // its kind: a struct is an object, a slice is a list
	Text                // the type's MarshalText or UnmarshalText: a string
	Own                 // the type's MarshalJSON or UnmarshalJSON: anything
)

var (
	ownMethods = []reflect.Type{
		reflect.TypeFor[json.MarshalerTo](), reflect.TypeFor[json.Marshaler](),
		reflect.TypeFor[json.UnmarshalerFrom](), reflect.TypeFor[json.Unmarshaler](),
	}
	textMethods = []reflect.Type{
		reflect.TypeFor[encoding.TextAppender](), reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[encoding.TextUnmarshaler](),
	}
)

// FormOf returns what gives t its JSON form. time.Time and time.Duration count
// as Natural: their forms are known.
func FormOf(t reflect.Type) Form {
	if t == timeType || t == durationType || t.Kind() == reflect.Interface {
		return Natural
	}
	implements := func(methods reflect.Type) bool {
		return t.Implements(methods) || reflect.PointerTo(t).Implements(methods)
	}
	switch {
	case slices.ContainsFunc(ownMethods, implements):
		return Own
	case slices.ContainsFunc(textMethods, implements):
		return Text
	}
	return Natural
}

// Alternatives returns the types that a value of t may have, from the method
// Alternatives of t; nil without that method.
func Alternatives(t reflect.Type) []reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Interface {
		return nil
	}
	if a, ok := reflect.Zero(t).Interface().(interface{ Alternatives() []reflect.Type }); ok {
		return a.Alternatives()
	}
	return nil
}

// Field is a member of a struct in JSON.
type Field struct {
	Name     string
	Type     reflect.Type
	Optional bool // it is a pointer, or has omitempty or omitzero
	Usage    string
	index    []int
	tagged   bool
}

// Fields returns the members that a struct has in JSON, in order; the members
// of an embedded struct take its place. Of fields with the same name the least
// deeply embedded one counts, then the one with a name in its tag, as in the
// JSON package. Usage is the text of the tag `usage`.
func Fields(t reflect.Type) []Field {
	all := collect(t, nil, map[reflect.Type]bool{})
	var fields []Field
	for _, f := range all {
		rivals := slices.DeleteFunc(slices.Clone(all), func(g Field) bool { return g.Name != f.Name })
		slices.SortStableFunc(rivals, byRank)
		if slices.Equal(rivals[0].index, f.index) && (len(rivals) == 1 || byRank(rivals[0], rivals[1]) != 0) {
			fields = append(fields, f)
		}
	}
	return fields
}

// byRank compares two fields of the same name: the smaller one counts.
func byRank(a, b Field) int {
	if order := cmp.Compare(len(a.index), len(b.index)); order != 0 || a.tagged == b.tagged {
		return order
	}
	if a.tagged {
		return -1
	}
	return 1
}

// collect lists all fields of t and of the structs embedded in it; above holds
// the structs that t is embedded in.
func collect(t reflect.Type, index []int, above map[reflect.Type]bool) (all []Field) {
	if above[t] {
		return nil
	}
	above[t] = true
	defer delete(above, t)
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		listed := strings.Split(options, ",")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		at := append(slices.Clone(index), i)
		if f.Anonymous && name == "" || slices.Contains(listed, "embed") {
			if inner.Kind() == reflect.Struct {
				all = append(all, collect(inner, at, above)...)
			}
			continue
		}
		if !f.IsExported() {
			continue
		}
		all = append(all, Field{
			Name:     cmp.Or(name, f.Name),
			Type:     f.Type,
			Optional: f.Type.Kind() == reflect.Pointer || slices.Contains(listed, "omitempty") || slices.Contains(listed, "omitzero"),
			Usage:    f.Tag.Get("usage"),
			index:    at,
			tagged:   name != "",
		})
	}
	return all
}
