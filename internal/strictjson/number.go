package strictjson

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// readAny puts a number into an empty any. The underlying parser handles all
// other values.
func readAny(in *jsontext.Decoder, v *any) (err error) {
	if in.PeekKind() != '0' || *v != nil {
		return errors.ErrUnsupported
	}
	text, err := in.ReadValue()
	if err != nil {
		return err
	}
	*v, err = parseNumber(text)
	return err
}

// parseNumber returns an int64, a uint64 or a float64; for an integer that fits
// none of them, its text.
func parseNumber(text jsontext.Value) (any, error) {
	if !bytes.ContainsAny(text, ".eE") && string(text) != "-0" {
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return n, nil
		}
		if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			return n, nil
		}
		return text.Clone(), nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		real := reflect.TypeFor[float64]()
		return nil, &json.SemanticError{JSONKind: '0', JSONValue: text.Clone(), GoType: real, Err: strconv.ErrRange}
	}
	return f, nil
}
