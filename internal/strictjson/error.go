package strictjson

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Kind says what an [Error] is about.
type Kind uint8

const (
	Syntax    Kind = iota // not JSON: grammar, UTF-8, text after the value
	Duplicate             // an object has a member twice
	Deep                  // it is nested too deeply
	Long                  // it is a list with too many elements
	Unknown               // a member that the Go type does not have
	Value                 // JSON that does not fit the Go type, or a Go value without a JSON form
)

// Error says what is wrong with a text or value, and where.
type Error struct {
	Kind    Kind
	Pointer jsontext.Pointer // the place, as in RFC 6901: "/params/0/name"; "" is the whole
	Offset  int              // the approximate place in bytes; -1 if it is not known
	Limit   int              // for Deep and Long: the limit
	Message string           // what is wrong there, without the place
	Err     error            // the wrapped error, or nil
}

// Error names the place first: "at /size: expected an integer, got a string".
func (e *Error) Error() string {
	text := e.Text()
	switch {
	case e.Pointer != "":
		return "at " + strings.ToValidUTF8(string(e.Pointer), "�") + ": " + text
	case e.Kind == Syntax && e.Offset > 0:
		return "at byte " + strconv.Itoa(e.Offset) + ": " + text
	}
	return text
}

// Text says what is wrong, without the place.
func (e *Error) Text() string {
	switch e.Kind {
	case Duplicate:
		return fmt.Sprintf("the member %q appears twice", e.Pointer.LastToken())
	case Deep:
		return fmt.Sprintf("nested deeper than %d values", e.Limit)
	case Long:
		return fmt.Sprintf("a list of more than %d elements", e.Limit)
	case Unknown:
		return fmt.Sprintf("there is no member %q", e.Pointer.LastToken())
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// explain turns an error of the underlying parser, or of marshalling if data is
// nil, into an Error.
func explain(data []byte, err error) error {
	if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		e := &Error{Kind: Syntax, Pointer: syntax.JSONPointer, Offset: int(syntax.ByteOffset), Err: err}
		if errors.Is(err, jsontext.ErrDuplicateName) {
			e.Kind = Duplicate
		} else if syntax.Err != nil {
			e.Message = syntax.Err.Error()
		}
		return e
	}
	if errors.Is(err, io.EOF) {
		return &Error{Kind: Syntax, Message: "there is no value", Err: err}
	}
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return &Error{Kind: Value, Offset: -1, Message: err.Error(), Err: err}
	}
	e := &Error{Kind: Value, Pointer: semantic.JSONPointer, Offset: int(semantic.ByteOffset), Err: err}
	switch {
	case errors.Is(err, json.ErrUnknownName):
		e.Kind = Unknown
	case data == nil:
		e.Offset = -1
		e.Message = unwritable(semantic)
	default:
		e.Message = mismatch(semantic)
	}
	return e
}

// unwritable says why a Go value has no JSON form.
func unwritable(e *json.SemanticError) string {
	reason := "it has no JSON form"
	if e.Err != nil {
		reason = e.Err.Error()
	}
	if e.GoType == nil {
		return reason
	}
	return e.GoType.String() + ": " + reason
}

// mismatch says what was expected and what was found.
func mismatch(e *json.SemanticError) string {
	if e.GoType == nil {
		return "not readable"
	}
	reason := e.Err
	switch FormOf(base(e.GoType)) {
	case Text:
		if refuses(e) {
			return reason.Error()
		}
		reason = nil // the parser's, which says the expectation again
	case Own:
		if meant, ok := errors.AsType[*Error](reason); ok {
			return meant.Text() // of several types
		}
	}
	text := "expected " + Describe(e.GoType)
	switch e.JSONKind {
	case 'n':
		text += ", got null"
	case 't', 'f':
		text += ", got true or false"
	case '"':
		if !isString(e.GoType) {
			text += ", got a string"
		}
	case '0':
		text += ", got " + short(e.JSONValue, "a number")
	case '[', ']':
		text += ", got a list"
	case '{', '}':
		text += ", got an object"
	}
	// The parser's reasons for numbers add nothing to the expectation; the reasons
	// of types do.
	if reason != nil && !errors.Is(reason, strconv.ErrSyntax) && !errors.Is(reason, strconv.ErrRange) {
		text += ": " + reason.Error()
	}
	return text
}

// Refused reports whether the JSON was a string, as it should be, and the type
// that has read it did not take what it says.
func (e *Error) Refused() bool {
	semantic, ok := errors.AsType[*json.SemanticError](e.Err)
	return ok && refuses(semantic)
}

func refuses(e *json.SemanticError) bool {
	return e.JSONKind == '"' && e.Err != nil && e.GoType != nil && FormOf(base(e.GoType)) == Text
}

// isString reports whether values of the type are strings of a certain form.
func isString(t reflect.Type) bool {
	t = base(t)
	return t == timeType || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

// base is the type that pointers lead to.
func base(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// short returns the value itself if it fits into a message, otherwise the
// description what.
func short(value jsontext.Value, what string) string {
	if len(value) == 0 || len(value) > 40 {
		return what
	}
	return string(value)
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
)

// Describe says in plain words what a value of the type looks like in JSON: "an
// integer from 0 to 255".
func Describe(t reflect.Type) string {
	t = base(t)
	switch t {
	case durationType:
		return `a number of seconds or a string such as "1m30s"`
	case timeType:
		return `a time such as "2006-01-02T15:04:05Z"`
	}
	switch FormOf(t) {
	case Text:
		return "a string"
	case Own:
		if all := Alternatives(t); all != nil {
			return anyOf(all)
		}
		return "a value for " + t.String()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int8, reflect.Int16, reflect.Int32:
		highest := int64(1)<<(t.Bits()-1) - 1
		return fmt.Sprintf("an integer from %d to %d", -highest-1, highest)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return fmt.Sprintf("an integer from 0 to %d", uint64(1)<<t.Bits()-1)
	case reflect.Int, reflect.Int64:
		return "an integer"
	case reflect.Uint, reflect.Uint64, reflect.Uintptr:
		return "an integer that is not negative"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String:
		return "a string"
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() == reflect.Uint8 {
			return "a string in base64"
		}
		if t.Kind() == reflect.Array {
			return fmt.Sprintf("a list of %d", t.Len())
		}
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	}
	return "a value"
}

// anyOf is Describe for one of several types.
func anyOf(all []reflect.Type) string {
	var texts []string
	for _, t := range all {
		if text := Describe(t); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, " or ")
}
