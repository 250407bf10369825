package rpc

import (
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/legion-go/legion/internal/strictjson"
)

// schema is a JSON Schema, draft 7.
type schema map[string]any

// schemas makes schemas of types. Each named struct gets a schema of its own,
// to which all others refer: so types may contain themselves.
type schemas struct {
	named map[string]schema
	names map[reflect.Type]string
}

func newSchemas() *schemas {
	return &schemas{named: map[string]schema{}, names: map[reflect.Type]string{}}
}

// of returns the schema of t.
func (s *schemas) of(t reflect.Type) schema {
	if t.Kind() == reflect.Pointer {
		return s.of(t.Elem())
	}
	switch t {
	case timeType:
		return schema{"type": "string", "format": "date-time"}
	case durationType:
		return schema{"type": "number", "description": "seconds"}
	}
	switch strictjson.FormOf(t) {
	case strictjson.Text:
		return schema{"type": "string"}
	case strictjson.Own:
		var any []schema
		for _, a := range strictjson.Alternatives(t) {
			any = append(any, s.of(a))
		}
		if any != nil {
			return schema{"anyOf": any}
		}
		return schema{}
	}
	switch t.Kind() {
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return schema{"type": "integer"}
	case reflect.Int8, reflect.Int16, reflect.Int32:
		highest := int64(1)<<(t.Bits()-1) - 1
		return schema{"type": "integer", "minimum": -highest - 1, "maximum": highest}
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return schema{"type": "integer", "minimum": 0}
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return schema{"type": "integer", "minimum": 0, "maximum": uint64(1)<<t.Bits() - 1}
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.String:
		return schema{"type": "string"}
	case reflect.Slice, reflect.Array:
		return s.list(t)
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.structure(t)
	}
	return schema{} // anything
}

func (s *schemas) list(t reflect.Type) schema {
	if t.Elem().Kind() == reflect.Uint8 {
		return schema{"type": "string", "contentEncoding": "base64"}
	}
	list := schema{"type": "array", "items": s.of(t.Elem())}
	if t.Kind() == reflect.Array {
		list["minItems"], list["maxItems"] = t.Len(), t.Len()
	}
	return list
}

// structure returns the schema of a struct, by reference if it has a name.
func (s *schemas) structure(t reflect.Type) schema {
	if t.Name() == "" {
		return s.object(t)
	}
	name, known := s.names[t]
	if !known {
		name = s.name(t)
		s.names[t], s.named[name] = name, nil // reserved before t may refer to itself
		s.named[name] = s.object(t)
	}
	return schema{"$ref": "#/components/schemas/" + name}
}

// name returns a free name for t among the components: Name, package.Name,
// package.Name-2 and so on.
func (s *schemas) name(t reflect.Type) string {
	base := componentName(t.Name())
	candidates := []string{base, componentName(path.Base(t.PkgPath())) + "." + base}
	for i := 2; ; i++ {
		for _, c := range candidates {
			if _, taken := s.named[c]; !taken {
				return c
			}
		}
		candidates = []string{fmt.Sprintf("%s-%d", candidates[len(candidates)-1], i)}
	}
}

// componentName turns a Go name, which may have type arguments, into one that
// OpenRPC allows: Page[example.com/shop.Item] becomes Page_Item.
func componentName(s string) string {
	var parts []string
	for _, part := range strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune("[]*, ", c) }) {
		part = part[strings.LastIndexByte(part, '/')+1:]
		part = part[strings.LastIndexByte(part, '.')+1:]
		part, _, _ = strings.Cut(part, "·") // after it the compiler numbers types declared in functions
		parts = append(parts, strings.Map(allowed, part))
	}
	return strings.Join(parts, "_")
}

// allowed is c if it may stand in the name of a component, otherwise an
// underscore.
func allowed(c rune) rune {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		return c
	}
	return '_'
}

// object returns the schema of a struct's members.
func (s *schemas) object(t reflect.Type) schema {
	properties := map[string]schema{}
	var required []string
	for _, f := range strictjson.Fields(t) {
		p := s.of(f.Type)
		if _, reference := p["$ref"]; f.Usage != "" && !reference { // no other key may stand beside $ref
			p["description"] = f.Usage
		}
		properties[f.Name] = p
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	o := schema{"type": "object", "properties": properties}
	if required != nil {
		o["required"] = required
	}
	return o
}
