package rpc

import (
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/legion-go/legion/internal/strictjson"
)

// Query turns the parameters in a URL into a method's parameters, as a JSON
// object. Each value is read by the type of its parameter: "100" is a number
// for an integer and a string for a string. A list is given by repeating the
// parameter; an object is given as JSON. The error, for the caller, names the
// parameter.
//
// It does not check the caller's role: [Registry.Open] does.
func (r *Registry) Query(method string, values map[string][]string) ([]byte, *Error) {
	m := r.lookup(method)
	if m == nil {
		return nil, errorf(CodeMethod, "Method not found: %s", cut(method, maxQuoted))
	}
	var given []member
	for _, p := range m.params {
		if texts := values[p.Name]; len(texts) > 0 {
			value, err := queried(p, texts)
			if err != nil {
				return nil, err
			}
			given = append(given, member{p.Name, value})
		}
	}
	for name := range values {
		if !m.has(name) {
			return nil, invalid("there is no parameter %q: %s", cut(name, maxQuoted), m.takes())
		}
	}
	return object(given), nil
}

// queried makes JSON of the texts given for a parameter.
func queried(p strictjson.Field, texts []string) ([]byte, *Error) {
	t := p.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 && strictjson.FormOf(t) == strictjson.Natural {
		b := []byte{'['}
		for i, text := range texts {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, literal(t.Elem(), text)...)
		}
		return append(b, ']'), nil
	}
	if len(texts) > 1 {
		return nil, invalid("parameter %q is given %d times: expected %s", p.Name, len(texts), strictjson.Describe(t))
	}
	return literal(t, texts[0]), nil
}

// literal makes JSON of one text: a string where t is one, otherwise the text
// itself if it is JSON. Any other text becomes a string too, so that reading it
// gives the error.
func literal(t reflect.Type, text string) []byte {
	if value := jsontext.Value(strings.TrimSpace(text)); !isString(t) && value.IsValid() {
		return value
	}
	return appendString(nil, text)
}

// isString reports whether values of t are strings in JSON.
func isString(t reflect.Type) bool {
	switch strictjson.FormOf(t) {
	case strictjson.Text:
		return true
	case strictjson.Own:
		return false
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array:
		return t.Elem().Kind() == reflect.Uint8
	case reflect.String:
		return true
	}
	return t == timeType
}
