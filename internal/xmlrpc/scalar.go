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

// scalar returns the function that turns the text of a type that holds nothing
// else into JSON, or nil if there is no such type. An int of more than 32 bits
// is accepted: many senders with 64-bit integers call them all int.
func scalar(name string) func(text string) (jsontext.Value, error) {
	switch name {
	case "string":
		return func(text string) (jsontext.Value, error) { return jsontext.AppendQuote(nil, text) }
	case "i1", "ex:i1":
		return integer(8)
	case "i2", "ex:i2":
		return integer(16)
	case "int", "i4", "i8", "ex:i8":
		return integer(64)
	case "boolean":
		return boolean
	case "double", "float", "ex:float":
		return double
	case "dateTime.iso8601":
		return func(text string) (jsontext.Value, error) { return dateTime(strings.Trim(text, space)) }
	case "base64":
		return binary64
	case "nil", "ex:nil":
		return null
	}
	return nil
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
