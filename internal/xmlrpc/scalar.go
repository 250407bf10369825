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

// scalars are the types that hold text only, with what makes JSON of it.
var scalars = map[string]func(text string) (jsontext.Token, error){
	"string":           func(text string) (jsontext.Token, error) { return jsontext.String(text), nil },
	"i1":               integer(8),
	"ex:i1":            integer(8),
	"i2":               integer(16),
	"ex:i2":            integer(16),
	"int":              integer(32),
	"i4":               integer(32),
	"i8":               integer(64),
	"ex:i8":            integer(64),
	"boolean":          boolean,
	"double":           double,
	"float":            double,
	"ex:float":         double,
	"dateTime.iso8601": func(text string) (jsontext.Token, error) { return dateTime(strings.Trim(text, space)) },
	"base64":           binary64,
	"nil":              null,
	"ex:nil":           null,
}

func integer(bits int) func(string) (jsontext.Token, error) {
	return func(text string) (jsontext.Token, error) {
		n, err := strconv.ParseInt(strings.Trim(text, space), 10, bits)
		if errors.Is(err, strconv.ErrRange) {
			return jsontext.Token{}, fmt.Errorf("does not fit %d bits; the largest type is i8, with 64 bits", bits)
		}
		if err != nil {
			return jsontext.Token{}, errors.New("not a whole number in decimal")
		}
		return jsontext.Int(n), nil
	}
}

func boolean(text string) (jsontext.Token, error) {
	switch strings.Trim(text, space) {
	case "1", "true":
		return jsontext.True, nil
	case "0", "false":
		return jsontext.False, nil
	}
	return jsontext.Token{}, errors.New("not a boolean: write 1 or 0")
}

func double(text string) (jsontext.Token, error) {
	text = strings.Trim(text, space)
	// Go reads more than decimal numbers: hexadecimal ones, NaN, infinities.
	if strings.Trim(text, "0123456789+-.eE") == "" {
		switch f, err := strconv.ParseFloat(text, 64); {
		case err == nil:
			return jsontext.Float(f), nil
		case errors.Is(err, strconv.ErrRange):
			return jsontext.Token{}, fmt.Errorf("beyond the largest double, which is about %.2g", math.MaxFloat64)
		}
	}
	return jsontext.Token{}, errors.New("not a decimal number, with or without exponent")
}

// binary64 reads base64, which most senders break into lines, and gives it back in one piece.
func binary64(text string) (jsontext.Token, error) {
	text = strings.Map(func(r rune) rune {
		if strings.ContainsRune(space, r) {
			return -1
		}
		return r
	}, text)
	if _, err := base64.StdEncoding.Strict().DecodeString(text); err != nil {
		return jsontext.Token{}, errors.New("not base64 with the standard alphabet and padding")
	}
	return jsontext.String(text), nil
}

func null(text string) (jsontext.Token, error) {
	if strings.Trim(text, space) != "" {
		return jsontext.Token{}, errors.New("holds nothing")
	}
	return jsontext.Null, nil
}
