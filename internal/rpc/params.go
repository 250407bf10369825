package rpc

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// method is a Method with what follows from it.
type method struct {
	Method
	params  []strictjson.Field
	single  bool // In is the one parameter, not a struct of them
	session bool // it exists in sessions only

	// run replaces Call in the methods of the protocols, which need to know their
	// exchange.
	run func(x *exchange, in any) (any, *Error)
}

// compile checks a method and works out its parameters.
func compile(m Method) (*method, error) {
	if m.In == nil {
		m.In = reflect.TypeFor[struct{}]()
	}
	if m.Out == nil {
		m.Out = reflect.TypeFor[any]()
	}
	if m.InName == "" {
		m.InName = "value"
	}
	if (m.Call == nil) == (m.Stream == nil) {
		return nil, errors.New("it needs either Call or Stream")
	}
	if err := checkType(m.In, "", true, nil); err != nil {
		return nil, fmt.Errorf("its parameters: %w", err)
	}
	if err := checkType(m.Out, "", false, nil); err != nil {
		return nil, fmt.Errorf("its result: %w", err)
	}
	c := &method{Method: m}
	fields := m.In
	if fields.Kind() == reflect.Pointer {
		fields = fields.Elem()
	}
	if fields.Kind() == reflect.Struct && fields != timeType && strictjson.FormOf(fields) == strictjson.Natural {
		c.params = strictjson.Fields(fields)
		if err := strictjson.UnmarshalKnown([]byte("{}"), reflect.New(fields).Interface()); err != nil {
			return nil, fmt.Errorf("its parameters: %w", err) // a wrong tag
		}
	} else {
		c.single = true
		c.params = []strictjson.Field{{Name: m.InName, Type: m.In, Optional: m.In.Kind() == reflect.Pointer}}
	}
	return c, nil
}

// style is how a protocol gives parameters.
type style uint8

const (
	inJSON style = iota
	inXML        // always a list; a single object in it gives them by name
)

// read makes an In of the parameters: a JSON object, a list, or nothing.
func (m *method) read(params []byte, s style) (any, *Error) {
	all, err := m.given(params, s)
	if err != nil {
		return nil, err
	}
	given, err := m.complete(all)
	if err != nil {
		return nil, err
	}
	in := reflect.New(m.In)
	if m.single {
		if len(given) > 0 {
			if err := strictjson.Unmarshal(given[0].value, in.Interface()); err != nil {
				return nil, m.unfit(m.InName, err)
			}
		}
		return in.Elem().Interface(), nil
	}
	text := params
	if len(given) != len(all) || len(text) == 0 || kindOf(text) != '{' {
		text = object(given)
	}
	if err := strictjson.Unmarshal(text, in.Interface()); err != nil {
		return nil, m.unfit("", err)
	}
	return in.Elem().Interface(), nil
}

// given returns the parameters by name.
func (m *method) given(params []byte, s style) ([]member, *Error) {
	if len(params) == 0 {
		return nil, nil
	}
	if kindOf(params) == '{' {
		given, more := members(params, len(m.params)+1)
		for _, g := range given {
			if !m.has(g.name) {
				return nil, invalid("there is no parameter %q: %s", cut(g.name, maxQuoted), m.takes())
			}
		}
		if more { // impossible: names are unique
			return nil, invalid("too many parameters: %s", m.takes())
		}
		return given, nil
	}
	values, more := elements(params, len(m.params)+1)
	if s == inXML && !more && len(values) == 1 && kindOf(values[0]) == '{' && !m.single && len(m.params) > 0 {
		given, err := m.given(values[0], s)
		if err != nil && holdsObject(m.params[0].Type) {
			err.Message += fmt.Sprintf("; a struct alone gives the parameters by name: "+
				"to send one as %q, put it into another, as its member %[1]q", m.params[0].Name)
		}
		return given, err
	}
	if len(values) > len(m.params) {
		return nil, invalid("too many parameters: %s", m.takes())
	}
	var given []member
	for i, value := range values {
		given = append(given, member{m.params[i].Name, value})
	}
	return given, nil
}

// complete leaves out optional parameters that are null, and makes sure that no
// other is missing.
func (m *method) complete(given []member) (kept []member, err *Error) {
	there := map[string]bool{}
	for _, g := range given {
		p := m.param(g.name)
		if kindOf(g.value) == 'n' && !nullable(p.Type) {
			if !p.Optional {
				return nil, invalid("parameter %q: expected %s, got null", p.Name, strictjson.Describe(p.Type))
			}
			continue
		}
		there[g.name] = true
		kept = append(kept, g)
	}
	for _, p := range m.params {
		if !there[p.Name] && !p.Optional {
			return nil, invalid("parameter %q is missing: expected %s", p.Name, strictjson.Describe(p.Type))
		}
	}
	return kept, nil
}

func (m *method) has(name string) bool { return m.param(name) != nil }

func (m *method) param(name string) *strictjson.Field {
	for i := range m.params {
		if m.params[i].Name == name {
			return &m.params[i]
		}
	}
	return nil
}

// takes lists the parameters, for messages.
func (m *method) takes() string {
	if len(m.params) == 0 {
		return m.Name + " takes none"
	}
	names := make([]string, len(m.params))
	for i, p := range m.params {
		names[i] = p.Name
		if p.Optional {
			names[i] += " (optional)"
		}
	}
	return m.Name + " takes " + strings.Join(names, ", ")
}

// unfit says which parameter does not fit its type. Without a name the
// parameter is the first in the error's path.
func (m *method) unfit(name string, err error) *Error {
	e, ok := errors.AsType[*strictjson.Error](err)
	if !ok {
		return invalid("%v", err)
	}
	path := e.Pointer
	if name == "" {
		for token := range path.Tokens() {
			name = token
			break
		}
		path = path[min(len(path), 1+len(escapePointer(name))):]
	}
	if e.Kind == strictjson.Unknown {
		path = path.Parent()
	}
	at := ""
	if path != "" {
		at = " at " + string(path)
	}
	return invalid("parameter %q%s: %s", cut(name, maxQuoted), cut(at, maxQuoted), cut(e.Text(), maxQuoted))
}

var pointerEscaper = strings.NewReplacer("~", "~0", "/", "~1")

func escapePointer(name string) string { return pointerEscaper.Replace(name) }

// object makes an object of members.
func object(list []member) []byte {
	b := []byte{'{'}
	for i, m := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, m.name)
		b = append(b, ':')
		b = append(b, m.value...)
	}
	return append(b, '}')
}

func invalid(format string, args ...any) *Error {
	return errorf(CodeParams, "Invalid params: "+format, args...)
}

// nullable reports whether null is a value for t rather than a missing one.
func nullable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Map, reflect.Slice:
		return true
	}
	return strictjson.FormOf(t) == strictjson.Own
}

// holdsObject reports whether a value of t may be an object.
func holdsObject(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch strictjson.FormOf(t) {
	case strictjson.Text:
		return false
	case strictjson.Own:
		return true
	}
	kind := t.Kind()
	return kind == reflect.Interface || kind == reflect.Map || kind == reflect.Struct && t != timeType
}

// checkType returns an error if values of t cannot be read, or written. path is
// the place of t, from the outermost type on.
func checkType(t reflect.Type, path string, read bool, above []reflect.Type) error {
	refuse := func(why string) error {
		if path == "" {
			return fmt.Errorf("%s %s", t, why)
		}
		return fmt.Errorf("%s: %s %s", strings.TrimPrefix(path, "."), t, why)
	}
	for _, a := range above {
		if a == t {
			return nil
		}
	}
	above = append(above[:len(above):len(above)], t)
	if t == timeType || strictjson.FormOf(t) != strictjson.Natural {
		return nil
	}
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return refuse("has no JSON form")
	case reflect.Interface:
		if read && t.NumMethod() > 0 {
			return refuse("is an interface with methods: the type to read is unknown")
		}
	case reflect.Pointer:
		return checkType(t.Elem(), path, read, above)
	case reflect.Slice, reflect.Array:
		return checkType(t.Elem(), path+"[]", read, above)
	case reflect.Map:
		if err := checkKey(t.Key()); err != nil {
			return refuse(err.Error())
		}
		return checkType(t.Elem(), path+"[]", read, above)
	case reflect.Struct:
		for _, f := range strictjson.Fields(t) {
			if err := checkType(f.Type, path+"."+f.Name, read, above); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkKey returns an error if t cannot be the key of a map.
func checkKey(t reflect.Type) error {
	switch {
	case strictjson.FormOf(t) != strictjson.Natural, t.Kind() == reflect.String,
		t.Kind() >= reflect.Int && t.Kind() <= reflect.Float64:
		return nil
	}
	return errors.New("has keys that are neither strings nor numbers")
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error says that invalid UTF-8 was replaced
	return b
}
