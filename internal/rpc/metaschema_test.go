package rpc_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// validator checks JSON against the meta-schemas in testdata/openrpc. It knows
// the keywords that these use, and refuses a schema with any other but those
// that only describe.
type validator struct{ documents map[string]any }

// newValidator reads the meta-schemas.
func newValidator(t *testing.T) *validator {
	v := &validator{documents: map[string]any{}}
	for _, file := range []string{"openrpc.json", "json-schema.json"} {
		data, err := os.ReadFile("testdata/openrpc/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var document map[string]any
		if err := json.Unmarshal(data, &document); err != nil {
			t.Fatal(err)
		}
		v.documents[strings.TrimSuffix(document["$id"].(string), "/")] = document
	}
	return v
}

const openRPC = "https://meta.open-rpc.org"

// check validates a value against the whole meta-schema of OpenRPC.
func (v *validator) check(value any) error {
	return v.validate(value, v.documents[openRPC], openRPC, "")
}

// resolve returns the schema that a reference in document means, and its
// document.
func (v *validator) resolve(reference, document string) (any, string, error) {
	uri, fragment, _ := strings.Cut(reference, "#")
	if uri = strings.TrimSuffix(uri, "/"); uri == "" {
		uri = document
	}
	schema, known := v.documents[uri]
	for token := range strings.SplitSeq(strings.Trim(fragment, "/"), "/") {
		if token == "" {
			continue
		}
		object, _ := schema.(map[string]any)
		schema, known = object[token]
	}
	if !known {
		return nil, "", fmt.Errorf("the reference %s leads nowhere", reference)
	}
	return schema, uri, nil
}

// describing are keywords that ask for nothing. The format is of URIs, which
// our documents have not, and of regular expressions, which they have neither.
var describing = []string{"$schema", "$id", "title", "description", "default", "definitions", "format"}

// validate checks value, which stands at a path, against a schema of a
// document.
func (v *validator) validate(value, schema any, document, at string) error {
	if allowed, ok := schema.(bool); ok {
		if !allowed {
			return fmt.Errorf("%s: nothing is allowed here", at)
		}
		return nil
	}
	keywords := schema.(map[string]any)
	if reference, ok := keywords["$ref"].(string); ok {
		target, document, err := v.resolve(reference, document)
		if err != nil {
			return err
		}
		return v.validate(value, target, document, at)
	}
	for keyword, argument := range keywords {
		if err := v.keyword(keyword, argument, keywords, value, document, at); err != nil {
			return err
		}
	}
	return nil
}

func (v *validator) keyword(keyword string, argument any, schema map[string]any, value any, document, at string) error {
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	text, isText := value.(string)
	number, isNumber := value.(float64)
	fail := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s: %s", at, keyword, fmt.Sprintf(format, args...))
	}
	switch keyword {
	case "type":
		if types, ok := argument.([]any); ok && !slices.ContainsFunc(types, func(t any) bool { return isType(value, t) }) ||
			!ok && !isType(value, argument) {
			return fail("%v is no %v", value, argument)
		}
	case "enum":
		if !slices.ContainsFunc(argument.([]any), func(a any) bool { return reflect.DeepEqual(a, value) }) {
			return fail("%v is none of %v", value, argument)
		}
	case "required":
		for _, name := range argument.([]any) {
			if _, there := object[name.(string)]; isObject && !there {
				return fail("%v is missing", name)
			}
		}
	case "properties", "patternProperties", "additionalProperties", "propertyNames":
		if keyword == "propertyNames" {
			for name := range object {
				if err := v.validate(name, argument, document, at+"/"+name); err != nil {
					return err
				}
			}
			return nil
		}
		for name, member := range object {
			sub, covered := covering(schema, name, keyword)
			if !covered {
				continue
			}
			if err := v.validate(member, sub, document, at+"/"+name); err != nil {
				return err
			}
		}
	case "items":
		for i, element := range list {
			if err := v.validate(element, argument, document, fmt.Sprint(at, "/", i)); err != nil {
				return err
			}
		}
	case "additionalItems": // asks for something only where items is a list
		if _, several := schema["items"].([]any); several {
			return fail("is not known with a list of items")
		}
	case "oneOf", "anyOf":
		fits := 0
		var reasons []string
		for _, sub := range argument.([]any) {
			if err := v.validate(value, sub, document, at); err == nil {
				fits++
			} else {
				reasons = append(reasons, err.Error())
			}
		}
		if fits == 0 || keyword == "oneOf" && fits > 1 {
			return fail("%d fit: %s", fits, strings.Join(reasons, "; "))
		}
	case "minLength":
		if isText && float64(utf8.RuneCountInString(text)) < argument.(float64) {
			return fail("%q is too short", text)
		}
	case "minItems":
		if isList && float64(len(list)) < argument.(float64) {
			return fail("there are %d", len(list))
		}
	case "uniqueItems":
		for i := range list {
			for j := range i {
				if isList && argument == true && reflect.DeepEqual(list[i], list[j]) {
					return fail("%v is there twice", list[i])
				}
			}
		}
	case "minimum":
		if isNumber && number < argument.(float64) {
			return fail("%v is too small", number)
		}
	case "exclusiveMinimum":
		if isNumber && number <= argument.(float64) {
			return fail("%v is too small", number)
		}
	default:
		if !slices.Contains(describing, keyword) {
			return fail("this validator does not know the keyword")
		}
	}
	return nil
}

// covering returns the schema that a keyword of schema has for the member of a
// name, if any.
func covering(schema map[string]any, name, keyword string) (sub any, covered bool) {
	properties, _ := schema["properties"].(map[string]any)
	byName, isNamed := properties[name]
	patterns, _ := schema["patternProperties"].(map[string]any)
	var byPattern any
	matches := false
	for pattern, s := range patterns {
		if regexp.MustCompile(pattern).MatchString(name) {
			byPattern, matches = s, true
		}
	}
	switch keyword {
	case "properties":
		return byName, isNamed
	case "patternProperties":
		return byPattern, matches
	}
	return schema["additionalProperties"], !isNamed && !matches
}

func isType(value, name any) bool {
	switch v := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == math.Trunc(v)
	case []any:
		return name == "array"
	}
	return name == "object"
}
