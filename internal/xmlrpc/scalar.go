package xmlrpc

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// scalars are the types that hold only text, with the functions that turn it
// into JSON. An int of more than 32 bits is accepted: many senders with 64-bit
// integers call them all int.
var scalars = map[string]func(text string) (jsontext.Value, error){
	"string":           func(text string) (jsontext.Value, error) { return jsontext.AppendQuote(nil, text) },
	"i1":               integer(8),
	"ex:i1":            integer(8),
	"i2":               integer(16),
	"ex:i2":            integer(16),
	"int":              integer(64),
	"i4":               integer(64),
	"i8":               integer(64),
	"ex:i8":            integer(64),
	"boolean":          boolean,
	"double":           double,
	"float":            double,
	"ex:float":         double,
	"dateTime.iso8601": func(text string) (jsontext.Value, error) { return dateTime(strings.Trim(text, space)) },
	"base64":           binary64,
	"nil":              null,
	"ex:nil":           null,
}

func integer(bits int) func(string) (jsontext.Value, error) {
	return func(text string) (jsontext.Value, error) {
		n, err := strconv.ParseInt(strings.Trim(text, space), 10, bits)
		if errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("does not fit %d bits; the largest type is i8, with 64 bits", bits)
		}
		if err != nil {
			return nil, errors.New("not a whole number in decimal")
		}
		return strconv.AppendInt(nil, n, 10), nil
	}
}

func boolean(text string) (jsontext.Value, error) {
	switch strings.Trim(text, space) {
	case "1", "true":
		return jsontext.Value("true"), nil
	case "0", "false":
		return jsontext.Value("false"), nil
	}
	return nil, errors.New("not a boolean: write 1 or 0")
}

// double returns a number with a point or an exponent, to distinguish it from
// an integer.
func double(text string) (jsontext.Value, error) {
	text = strings.Trim(text, space)
	// strconv also accepts hexadecimal numbers, NaN and infinities.
	if strings.Trim(text, "0123456789+-.eE") == "" {
		switch f, err := strconv.ParseFloat(text, 64); {
		case err == nil:
			number := jsontext.Float(f).String()
			if !strings.ContainsAny(number, ".e") {
				number += ".0"
			}
			return jsontext.Value(number), nil
		case errors.Is(err, strconv.ErrRange):
			return nil, fmt.Errorf("beyond the largest double, which is about %.2g", math.MaxFloat64)
		}
	}
	return nil, errors.New("not a decimal number, with or without exponent")
}

// binary64 reads base64, which most senders break into lines, and returns it
// without line breaks.
func binary64(text string) (jsontext.Value, error) {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(space, r) {
			return -1
		}
		return r
	}, text)
	if _, err := base64.StdEncoding.Strict().DecodeString(text); err != nil {
		return nil, errors.New("not base64 with the standard alphabet and padding")
	}
	return jsontext.AppendQuote(nil, text)
}

func null(text string) (jsontext.Value, error) {
	if strings.Trim(text, space) != "" {
		return nil, errors.New("holds nothing")
	}
	return jsontext.Value("null"), nil
}
